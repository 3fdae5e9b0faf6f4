// Images in the read model: those that were added and not removed, by id; and who keeps one from being removed.
import { imageEvent } from '@ironlog/domain';
import {
  encodeEvent,
  eventId,
  type ImageManifest,
  imageEventSubject,
  imageId,
  imageManifestSchema,
  tenantId,
} from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { type TestLog, testLog, timeAt } from '../lifecycle.fixture.ts';
import { modelOf } from '../read-model.fixture.ts';

const image = (id: string, digit = 'a'): ImageManifest =>
  imageManifestSchema.parse({
    id,
    architecture: 'x86_64',
    kernel: { file: 'vmlinux', format: 'elf', digest: `sha256-${digit.repeat(64)}`, size: 1 },
  });
const say = (log: TestLog, name: 'added' | 'removed', data: ImageManifest): void => {
  const second = log.entries.length + 1;
  const id = eventId(`evt-${String(second).padStart(26, '0')}`);
  const event = imageEvent({ name, data }, { id, time: timeAt(second), actor: 'token-1' });
  log.store(imageEventSubject(data.id), encodeEvent(event));
};

test('those that were added and not removed are there, by id, page by page, as they were added last', () => {
  const log = testLog();
  for (const id of ['zephyr', 'alpine', 'debian']) say(log, 'added', image(id));
  say(log, 'removed', image('debian'));
  say(log, 'removed', image('alpine'));
  say(log, 'added', image('alpine', 'b'));
  const model = modelOf(log);
  try {
    const { reader } = model;
    expect(reader.images({ after: '', limit: 10 })).toEqual([
      { image: image('alpine', 'b'), sequence: 6, addedAt: timeAt(6) },
      { image: image('zephyr'), sequence: 1, addedAt: timeAt(1) },
    ]);
    expect(reader.images({ after: '', limit: 1 }).map((row) => row.image.id)).toEqual(['alpine']);
    expect(reader.images({ after: 'alpine', limit: 1 }).map((row) => row.image.id)).toEqual(['zephyr']);
    expect(reader.image(imageId('alpine'))?.image).toEqual(image('alpine', 'b'));
    expect(reader.image(imageId('debian'))).toBeUndefined();
    const kinds = reader.history(tenantId('acme'), { after: 0, limit: 10 }).map(({ stored }) => stored.kind);
    expect(kinds).toEqual(Array.from({ length: 6 }, () => 'image'));
  } finally {
    model.remove();
  }
});
