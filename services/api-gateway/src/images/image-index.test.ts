// A gateway's image of an id is the newest of its own appends, the tail and the read model.
import { imageEvent } from '@ironlog/domain';
import { hashOf } from '@ironlog/event-log';
import { encodeEvent, type ImageManifest, imageId, imageManifestSchema, newEventId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { createImageIndex } from './image-index.ts';

const ID = imageId('alpine-1');
const image = (digit: string): ImageManifest =>
  imageManifestSchema.parse({
    id: ID,
    architecture: 'x86_64',
    kernel: { file: 'vmlinux', format: 'elf', digest: `sha256-${digit.repeat(64)}`, size: 1 },
  });
const entry = (sequence: number, name: 'added' | 'removed', data: ImageManifest) => {
  const event = imageEvent({ name, data }, { id: newEventId(), time: '2026-01-01T00:00:00.000Z', actor: 'token-1' });
  const bytes = encodeEvent(event);
  const stored = { kind: 'image', writer: 'gateway', event } as const;
  const read = { ok: true, stored } as const;
  return { sequence, subject: '', bytes, hash: hashOf(bytes), storedAt: new Date(), messageId: undefined, read };
};
const indexOver = (row?: { sequence: number; image: ImageManifest }) =>
  createImageIndex({ image: () => row && { ...row, addedAt: '2026-01-01T00:00:00.000Z' } });

test('what the read model has, where this gateway has heard nothing', () => {
  expect(indexOver().find(ID)).toBeUndefined();
  expect(indexOver({ sequence: 3, image: image('a') }).find(ID)).toEqual(image('a'));
});

test('what the tail has told, while the read model is behind; and the read model, where it is ahead', () => {
  const behind = indexOver({ sequence: 3, image: image('a') });
  behind.fold(entry(5, 'removed', image('a')));
  expect(behind.find(ID)).toBeUndefined();
  behind.fold(entry(6, 'added', image('b')));
  expect(behind.find(ID)).toEqual(image('b'));
  const ahead = indexOver({ sequence: 9, image: image('c') });
  ahead.fold(entry(6, 'added', image('b')));
  expect(ahead.find(ID)).toEqual(image('c'));
});

test('what this gateway has put on record, before the tail tells it, and never over what came after', () => {
  const index = indexOver();
  index.appended(ID, { sequence: 4, image: image('a') });
  expect(index.find(ID)).toEqual(image('a'));
  index.fold(entry(6, 'added', image('b')));
  index.appended(ID, { sequence: 5, image: undefined });
  expect(index.find(ID)).toEqual(image('b'));
});
