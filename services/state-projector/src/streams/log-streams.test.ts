// The streams' observations reach their observer, and expired messages of WORK raise no alarm.
import { createEventLog, type EventLog, type Observation } from '@ironlog/event-log';
import { newVmId, STREAMS } from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Plane, startPlane } from '../plane.fixture.ts';
import { openStreams } from './log-streams.ts';

let plane: Plane;
let ask: (api: string, body?: object) => Promise<unknown>;

beforeEach(async () => {
  plane = await startPlane();
  const provisioner = await plane.connectAs('provisioner');
  ask = async (api, body = {}) =>
    expect((await provisioner.request(`$JS.API.${api}`, JSON.stringify(body))).json()).toMatchObject({ success: true });
});
afterEach(() => plane.stop());

const readThrough = async (log: EventLog): Promise<number[]> => {
  const sequences: number[] = [];
  for await (const { sequence } of log.replay({ after: 0, until: 3 })) sequences.push(sequence);
  return sequences;
};

test('a stream that does not answer is reported', async () => {
  const seen: Observation[] = [];
  const readStreams = await openStreams(await plane.connectAs('projector'), (observation) => seen.push(observation));
  await ask(`STREAM.DELETE.${STREAMS.work}`);
  await expect(readStreams()).rejects.toThrow();
  expect(seen).toContainEqual({ kind: 'retry', operation: 'read', attempt: 1, cause: expect.any(Error) });
});

test('an expired command of WORK is no hole in the log', async () => {
  for (let asked = 0; asked < 3; asked += 1) await plane.askForBoot(newVmId());
  await ask(`STREAM.MSG.DELETE.${STREAMS.work}`, { seq: 2 });
  const connection = await plane.connectAs('projector');
  const [reports, all]: [Observation[], Observation[]] = [[], []];
  const readStreams = await openStreams(connection, (observation) => reports.push(observation));
  expect(await readThrough((await readStreams()).work.log)).toEqual([1, 3]);
  const observed = await createEventLog({ connection, stream: STREAMS.work, observe: (one) => all.push(one) });
  expect(await readThrough(observed)).toEqual([1, 3]);
  expect(all.map(({ kind }) => kind)).toContain('hole');
  expect(reports.map(({ kind }) => kind)).not.toContain('hole');
});
