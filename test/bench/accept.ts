// P1's cost: `POST` accepted against a durable publish, one at a time and 64 at once, alternating.
import type { Operation } from '@ironlog/schemas';
import type { TestPlane } from '../harness/plane.ts';
import { inFlight } from './in-flight.ts';
import type { Amounts } from './options.ts';
import type { RawPublish } from './raw-publish.ts';
import type { Section } from './report.ts';
import { summarize, timed } from './stats.ts';

const ALLOWED_MS = 1.5;
const IN_FLIGHT = 64;
const ROUNDS = 3;
const VMS = 8;

const idOf = (index: number): string => `accept-${index % VMS}`;

/** A command that its VM's state does not allow: accepted like any other, and cheap to execute. */
const post = async (test: TestPlane, index: number): Promise<Operation> => {
  const { status, body } = await test.http<Operation>('POST', `/v1/vms/${idOf(index)}/resume`, { body: {} });
  if (status !== 202) throw new Error(`POST resume: ${status} ${JSON.stringify(body)}`);
  return body;
};

/** Waits for the outcome, so that a command's work does not overlap the next measurement. */
const ended = async (test: TestPlane, { id }: Operation): Promise<void> => {
  await test.http('GET', `/v1/operations/${id}/wait?timeout=10`);
};

export const benchAccept = async (test: TestPlane, raw: RawPublish, amounts: Amounts): Promise<Section> => {
  for (let index = 0; index < VMS; index += 1)
    await test.command('POST', '/v1/vms', { id: idOf(index), start: true, spec: { memoryMiB: 32 } });
  const cold = { raw: [] as number[], post: [] as number[] };
  const single = { raw: [] as number[], post: [] as number[] };
  for (let index = -amounts.acceptWarmUp; index < amounts.acceptEach; index += 1) {
    const published = await timed(raw.publish);
    let operation: Operation | undefined;
    const posted = await timed(async () => {
      operation = await post(test, index + amounts.acceptWarmUp);
    });
    if (operation) await ended(test, operation);
    (index < 0 ? cold : single).raw.push(published);
    (index < 0 ? cold : single).post.push(posted);
  }
  const many = { raw: [] as number[], post: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    many.raw.push(
      ...(await inFlight({ count: amounts.acceptManyEach / ROUNDS, atOnce: IN_FLIGHT }, () => timed(raw.publish))),
    );
    let last: Operation | undefined;
    const took = await inFlight({ count: amounts.acceptManyEach / ROUNDS, atOnce: IN_FLIGHT }, (index) =>
      timed(async () => {
        last = await post(test, index);
      }),
    );
    many.post.push(...took);
    if (last) await ended(test, last);
  }
  const rows = [
    { what: 'durable publish, 1 in flight', unit: 'ms', ...summarize(single.raw) },
    { what: 'POST accepted (202), 1 in flight', unit: 'ms', ...summarize(single.post) },
    { what: 'durable publish, 64 in flight', unit: 'ms', ...summarize(many.raw) },
    { what: 'POST accepted (202), 64 in flight', unit: 'ms', ...summarize(many.post) },
  ];
  const [one, accepted] = rows;
  const over = (accepted?.p50 ?? 0) - (one?.p50 ?? 0);
  const [first, firstPosted] = [summarize(cold.raw), summarize(cold.post)];
  return {
    title: 'Accept',
    rows,
    notes: [
      `Not counted: the first ${first.n}, before the code is compiled (publish p50 ${first.p50.toFixed(2)}, POST p50 ${firstPosted.p50.toFixed(2)} ms).`,
    ],
    verdicts: [
      {
        what: 'POST p50 over publish p50, 1 in flight',
        value: `${over.toFixed(2)} ms`,
        target: `<= ${ALLOWED_MS} ms`,
        met: over <= ALLOWED_MS,
      },
    ],
  };
};
