// Publishes a row of the ingress table, and compares the outcome with the row.
import { type CommandId, commandId, derivedCommandId, partOfCommandSubject, STREAMS } from '@ironlog/schemas';
import { expect } from 'vitest';
import { until } from '../harness/until.ts';
import { publishRaw } from './raw-nats.ts';
import type { IngressRow } from './table/ingress-rows.ts';
import type { World } from './world.ts';

const encoder = new TextEncoder();
let rows = 0;

const bytesOf = (body: IngressRow['body'], id: CommandId): Uint8Array => {
  if (body instanceof Uint8Array) return body;
  return encoder.encode(typeof body === 'string' ? body : JSON.stringify({ id, ...body }));
};

/** Returns the command's id when it ended as a stored rejection. */
export const publishRow = async (
  world: World,
  { subject, body, answer }: IngressRow,
): Promise<CommandId | undefined> => {
  rows += 1;
  const id = commandId(`cmd-bad-input-${rows}`);
  const bytes = bytesOf(body, id);
  const { plane } = world.test;
  const before = await world.manager.streams.info(STREAMS.commands);

  if ('refused' in answer) {
    expect(await publishRaw(plane, { subject, bytes })).toMatch(answer.refused);
    const after = await world.manager.streams.info(STREAMS.commands);
    expect(after.state.last_seq).toBe(before.state.last_seq);
    return undefined;
  }
  const { seq } = await (await world.as(plane.natsUser)).publish(subject, bytes);
  // An unreadable body has no id; its id comes from the message's position.
  const placed = derivedCommandId(before.created, String(seq));
  const rejection = await until(
    `${subject} is rejected`,
    () => world.rejections.get(id) ?? world.rejections.get(placed),
  );
  const { tenant, vmId, verb } = partOfCommandSubject(subject) ?? {};
  expect(rejection.tenant).toBe(tenant);
  expect(rejection.subject).toBe(vmId);
  expect(rejection.data.request.verb).toBe(verb);
  expect(rejection.data).toMatchObject({
    code: answer.rejected,
    reason: expect.stringMatching(/./),
    request: { door: 'nats' },
  });
  return rejection.causationid;
};
