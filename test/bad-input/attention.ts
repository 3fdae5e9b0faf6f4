// The attention list of the plane's own tenant.
import type { AttentionItem } from '@ironlog/schemas';
import type { TestPlane } from '../harness/plane.ts';

export const attentionOf = async (test: TestPlane): Promise<readonly AttentionItem[]> =>
  (await test.http<{ items: AttentionItem[] }>('GET', '/v1/attention')).body.items;
