import {
  encodeEvent,
  imageEventSubject,
  imageId,
  imageManifestSchema,
  newEventId,
  readStoredEvent,
} from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { evolve } from '../vm/evolve.ts';
import { given } from '../vm/story.fixture.ts';
import { foldImage, imageEvent } from './image-event.ts';

const image = imageManifestSchema.parse({
  id: 'alpine-1',
  architecture: 'x86_64',
  kernel: { file: 'vmlinux', format: 'elf', digest: `sha256-${'a'.repeat(64)}`, size: 10 },
});
const meta = { id: newEventId(), time: '2026-01-01T00:00:00.000Z', actor: 'token-1' };
const subject = imageEventSubject(imageId('alpine-1'));
const stored = (event: object, on = subject) => readStoredEvent(on, new TextEncoder().encode(JSON.stringify(event)));

test('what is said of an image is read back as it was said, and folded into what there is', () => {
  for (const name of ['added', 'removed'] as const) {
    const event = imageEvent({ name, data: image }, meta);
    const read = readStoredEvent(subject, encodeEvent(event));
    expect(read).toEqual({ ok: true, stored: { kind: 'image', writer: 'gateway', event } });
    expect(foldImage(event)).toEqual(name === 'added' ? image : undefined);
  }
});

test.each<[string, object, string]>([
  ['of another image than its subject', { subject: 'other' }, subject],
  ['whose manifest is of another image', { data: { ...image, id: 'other' } }, subject],
  ['of an unknown type', { type: 'ironlog.image.renamed.v1' }, subject],
  ['from another source', { source: '/recovery-worker' }, subject],
  ['by a writer that may not say it', {}, 'ironlog.evt.image.alpine-1.host-1.fact'],
  ['that is no fact', {}, 'ironlog.evt.image.alpine-1.gateway.failure'],
])('an event %s is none', (_, change, on) => {
  const { name: _name, ...wire } = imageEvent({ name: 'added', data: image }, meta);
  expect(stored({ ...wire, ...change }, on)).toMatchObject({ ok: false });
});

test('a VM that was claimed without an image on record has none, and one that was has its digests', () => {
  expect(given('claimed').image).toBeUndefined();
  const vm = given();
  const claimed = given('claimed');
  if (claimed.task?.intent.name !== 'claimed') throw new Error('a claim is the intent of a create');
  const { data } = claimed.task.intent;
  const event = {
    specversion: '1.0',
    id: newEventId(),
    source: `/hosts/${data.host}/vm-executor`,
    type: 'ironlog.vm.claimed.v1',
    subject: vm.id,
    tenant: vm.tenant,
    time: meta.time,
    datacontenttype: 'application/json',
    actor: 'token-1',
    revision: 1,
    name: 'claimed',
    data: { ...data, image },
  } as const;
  expect(evolve(vm, { sequence: 1, hash: 'a'.repeat(64), writer: data.host, event })).toMatchObject({
    kind: 'folded',
    vm: { image },
  });
});
