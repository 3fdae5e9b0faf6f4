import { commandId, encodeEvent, eventId, readStoredEvent, rejectionSubject } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { command, HOST, NOW } from '../vm/story.fixture.ts';
import { commandRejected } from './command-rejected.ts';

const SAID = { writer: HOST, time: NOW } as const;
const WHY = { code: 'illegal-state', reason: 'the VM is running' } as const;

test('a rejection is an event of its command, in the chain that the command belongs to', () => {
  const boot = { ...command('boot'), correlationid: commandId('cmd-root') };
  const event = commandRejected(boot, WHY, SAID);
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

test('said again, of the same command, it is the same event, whoever says it', () => {
  const [first, again] = [
    commandRejected(command('boot'), WHY, SAID),
    commandRejected(command('boot'), WHY, { ...SAID, writer: 'gateway' }),
  ];
  expect(again.id).toBe(first.id);
  expect(commandRejected(command('pause'), WHY, SAID).id).not.toBe(first.id);
  expect(eventId(first.id)).toBe(first.id);
});

test('a reason that is too long for the log is cut, and the command is rejected all the same', () => {
  const event = commandRejected(command('boot'), { ...WHY, reason: 'x'.repeat(3000) }, SAID);
  expect(readStoredEvent(rejectionSubject(event.tenant, HOST), encodeEvent(event))).toMatchObject({ ok: true });
});
