// What everybody else asks meanwhile: how long each request takes, and the event loop's delay in the gateway.
import type { TestPlane } from '../../harness/plane.ts';
import { percentile, timed } from '../stats.ts';
import type { Client } from './client.ts';

/** What `nodejs_eventloop_lag_p99_seconds` shows of a loop that does nothing: the interval of the timer that it measures with. */
const LOOP_TIMER_MS = 10;

export interface Others {
  readonly test: TestPlane;
  readonly client: Client;
  /** VMs of the client's tenant. */
  readonly vmIds: readonly string[];
}

export interface Measured {
  /** Of all requests, in milliseconds. */
  readonly took: readonly number[];
  /** The event loop's, p99. */
  readonly loopDelayMs: number;
}

export const expectStatus = async (
  client: Client,
  method: 'GET' | 'POST',
  path: string,
  wanted: number,
): Promise<void> => {
  const status = await client.send(method, path);
  if (status !== wanted) throw new Error(`${method} ${path}: ${status}`);
};

/** The gateway's own histogram, which begins anew with each look. */
const loopDelayP99 = async ({ plane }: TestPlane): Promise<number> => {
  const text = await (await fetch(`${plane.http}/metrics`)).text();
  const seconds = /^nodejs_eventloop_lag_p99_seconds\{.*\} (\S+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('the gateway shows no event loop delay');
  return Math.max(0, Number(seconds) * 1000 - LOOP_TIMER_MS);
};

/** A keyed read, a short list and a command at a time, for as long as is asked. */
export const measureOthers = async ({ test, client, vmIds }: Others, seconds: number): Promise<Measured> => {
  await loopDelayP99(test);
  const took: number[] = [];
  const end = performance.now() + seconds * 1000;
  const loop = async (act: (vmId: string) => Promise<void>): Promise<void> => {
    for (let index = 0; performance.now() < end; index += 1)
      took.push(await timed(() => act(vmIds[index % vmIds.length] ?? '')));
  };
  await Promise.all([
    loop((id) => expectStatus(client, 'GET', `/v1/vms/${id}`, 200)),
    loop(() => expectStatus(client, 'GET', '/v1/vms?limit=20', 200)),
    loop((id) => expectStatus(client, 'POST', `/v1/vms/${id}/resume`, 202)),
  ]);
  return { took, loopDelayMs: await loopDelayP99(test) };
};

/** Several rounds as one: all requests, and the median of the loop's delays. */
export const together = (rounds: readonly Measured[]): Measured => ({
  took: rounds.flatMap(({ took }) => took),
  loopDelayMs: percentile(
    rounds.map(({ loopDelayMs }) => loopDelayMs),
    0.5,
  ),
});
