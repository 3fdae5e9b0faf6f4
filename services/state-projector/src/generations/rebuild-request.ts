// An operator requests a rebuild by creating the file `rebuild-state` or `rebuild-history`; accepting it removes the
// file.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from '@ironlog/read-model';

const CHECK_EVERY_MS = 500;

export interface RequestWatch {
  readonly directory: string;
  readonly kind: Kind;
  readonly signal: AbortSignal;
  readonly onRequest: () => void;
}

/** The file is removed before the rebuild: a later file is another request. */
export const watchRequests = ({ directory, kind, signal, onRequest }: RequestWatch): void => {
  const request = join(directory, `rebuild-${kind}`);
  const timer = setInterval(() => {
    if (!existsSync(request)) return;
    rmSync(request, { force: true });
    onRequest();
  }, CHECK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};
