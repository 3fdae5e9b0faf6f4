import { commandId, encodeEvent, eventId, readStoredEvent, rejectionSubject } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { command, HOST, NOW } from '../vm/story.fixture.ts';
import { commandRejected } from './command-rejected.ts';

const META = { writer: HOST, time: NOW } as const;
const WHY = { code: 'illegal-state', reason: 'the VM is running' } as const;

test('a rejection names its command as the cause and keeps the correlation id of the chain', () => {
  const boot = { ...command('boot'), correlationid: commandId('cmd-root') };
  const event = commandRejected(boot, WHY, META);
  expect(event).toMatchObject({
    actor: boot.actor,
    causationid: boot.id,
    correlationid: 'cmd-root',
    data: { ...WHY, request: boot.data.request },
  });
  const subject = rejectionSubject(boot.tenant, HOST);
  expect(readStoredEvent(subject, encodeEvent(event))).toMatchObject({
    ok: true,
    stored: { kind: 'rejection', writer: HOST, event },
  });
});

test('a repeated rejection of a command has the same event id, whatever its writer', () => {
  const [first, again] = [
    commandRejected(command('boot'), WHY, META),
    commandRejected(command('boot'), WHY, { ...META, writer: 'gateway' }),
  ];
  expect(again.id).toBe(first.id);
  expect(commandRejected(command('pause'), WHY, META).id).not.toBe(first.id);
  expect(eventId(first.id)).toBe(first.id);
});

test('a reason longer than the limit is truncated, and the command is still rejected', () => {
  const event = commandRejected(command('boot'), { ...WHY, reason: 'x'.repeat(3000) }, META);
  expect(readStoredEvent(rejectionSubject(event.tenant, HOST), encodeEvent(event))).toMatchObject({ ok: true });
});
