// kill -9 of the executor at each of its named points, before and after each side effect: the log and the machine must agree afterwards.

import { findUnder } from '@ironlog/hypervisor';
import type { CommandId, Operation, VmView } from '@ironlog/schemas';
import { FAILPOINTS, type Failpoint } from '@ironlog/vm-executor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, processProblems } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

/** How often each point is hit; more with IRONLOG_CHAOS_RUNS, for a longer look. */
const RUNS = Number(process.env.IRONLOG_CHAOS_RUNS ?? '1');

let test: TestPlane;
const accepted: CommandId[] = [];

beforeAll(async () => {
  test = await startTestPlane();
}, 120_000);
afterAll(() => test.stop());

/** The executor, restarted so that it dies at `point`; the one after it does not. */
const armed = async (point: Failpoint): Promise<void> => {
  const { supervisor } = test.plane;
  const before = supervisor.pidOf('vm-executor');
  supervisor.armOnce('vm-executor', { IRONLOG_FAILPOINT: point });
  process.kill(before ?? 0, 'SIGKILL');
  await until('the executor is another', () =>
    supervisor.pidOf('vm-executor') !== undefined && supervisor.pidOf('vm-executor') !== before ? true : undefined,
  );
  await test.plane.ready();
};

const send = async (method: 'POST' | 'DELETE', path: string, body?: object): Promise<Operation> => {
  const answer = await until(`${method} ${path} is accepted`, async () => {
    const response = await test.http<Operation>(method, path, body === undefined ? {} : { body });
    return response.status === 202 ? response.body : undefined;
  });
  accepted.push(answer.id);
  return answer;
};

const settled = (id: string): Promise<Operation> =>
  until(
    `operation ${id} has an outcome`,
    async () => {
      const { body } = await test.http<Operation>('GET', `/v1/operations/${id}`);
      return body.finishedAt ? body : undefined;
    },
    40_000,
  );

describe.each(FAILPOINTS)('killed at %s', (point) => {
  it.each(Array.from({ length: RUNS }, (_, run) => run))(
    'every command has one outcome, and nothing is left over (run %i)',
    async (run) => {
      const id = `${point}-${run}`;
      const sampler = sampleProcesses();
      await armed(point);
      await settled((await send('POST', '/v1/vms', { id, start: true })).id);
      // A command that its state refuses, for the points of a rejection.
      await settled((await send('POST', `/v1/vms/${id}/resume`)).id);
      await settled((await send('POST', `/v1/vms/${id}/reboot`, { force: true })).id);
      await settled((await send('DELETE', `/v1/vms/${id}?force=true`)).id);
      await until(`${id} is deleted`, async () =>
        (await test.http<VmView>('GET', `/v1/vms/${id}`)).body.state === 'deleted' ? true : undefined,
      );
      await test.plane.ready();
      expect(await sampler.stop()).toEqual([]);
      const { problems } = await check({
        entries: await test.events(),
        accepted,
        hostDirectories: [`${test.plane.stateDir}/host-1`],
      });
      expect(problems).toEqual([]);
    },
  );
});

/** I4 while things go on: looks every 50 ms. */
const sampleProcesses = () => {
  const problems = new Set<string>();
  let going = true;
  const directory = `${test.plane.stateDir}/host-1`;
  const looking = (async () => {
    while (going) {
      for (const problem of processProblems(await findUnder(directory))) problems.add(problem);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    stop: async (): Promise<string[]> => {
      going = false;
      await looking;
      return [...problems];
    },
  };
};
