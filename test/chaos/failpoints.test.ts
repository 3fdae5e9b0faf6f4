// kill -9 of each service at each of its failpoints: afterwards the log and the machine must agree.
import { FAILPOINTS as GATEWAY } from '@ironlog/api-gateway';
import { findUnder } from '@ironlog/hypervisor';
import { FAILPOINTS as RECOVERY } from '@ironlog/recovery-worker';
import type { CommandId } from '@ironlog/schemas';
import { FAILPOINTS as PROJECTOR } from '@ironlog/state-projector';
import { FAILPOINTS as EXECUTOR } from '@ironlog/vm-executor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, processProblems } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import { nothingOpen } from './open-messages.ts';
import { runLifecycle } from './vm-lifecycle.ts';

/** How often each point is hit; more with IRONLOG_CHAOS_RUNS, for a longer run. */
const RUNS = Number(process.env.IRONLOG_CHAOS_RUNS ?? '1');

const POINTS = [
  ...EXECUTOR.map((point) => ({ service: 'vm-executor', point })),
  ...GATEWAY.map((point) => ({ service: 'api-gateway', point })),
  ...PROJECTOR.map((point) => ({ service: 'state-projector', point })),
  ...RECOVERY.map((point) => ({ service: 'recovery-worker', point })),
];

let test: TestPlane;
const accepted: CommandId[] = [];

beforeAll(async () => {
  test = await startTestPlane();
}, 120_000);
afterAll(() => test.stop());

/** Kills the service; its next process dies at `point`, and the one after that does not. Returns the pid of the second. */
const arm = async (service: string, point: string): Promise<number> => {
  const { supervisor } = test.plane;
  const before = supervisor.pidOf(service);
  supervisor.armOnce(service, { IRONLOG_FAILPOINT: point });
  process.kill(before ?? 0, 'SIGKILL');
  return until(`${service} is a new process`, () => {
    const pid = supervisor.pidOf(service);
    return pid === before ? undefined : pid;
  });
};

/** The problems that remain after quiescence. */
const lastingProblems = async (): Promise<readonly string[]> => {
  const findProblems = async (): Promise<readonly string[]> => {
    const entries = await test.events();
    return (await check({ entries, accepted, hostDirectories: [`${test.plane.stateDir}/host-1`] })).problems;
  };
  const deadline = performance.now() + 10_000;
  for (;;) {
    const problems = await findProblems();
    if (problems.length === 0 || performance.now() > deadline) return problems;
  }
};

/** I4, sampled during the run. */
const sampleProcesses = () => {
  const problems = new Set<string>();
  const controller = new AbortController();
  const checking = (async () => {
    while (!controller.signal.aborted) {
      for (const problem of processProblems(await findUnder(`${test.plane.stateDir}/host-1`))) problems.add(problem);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    stop: async (): Promise<string[]> => {
      controller.abort();
      await checking;
      return [...problems];
    },
  };
};

describe.each(POINTS)('$service killed at $point', ({ service, point }) => {
  it.each(Array.from({ length: RUNS }, (_, run) => run))(
    'every command has one outcome, and nothing is left over (run %i)',
    async (run) => {
      const sampler = sampleProcesses();
      const doomed = await arm(service, point);
      accepted.push(...(await runLifecycle(test, `${service}-${point}-${run}`)));
      await until(`${service} has died at ${point}`, () => test.plane.supervisor.pidOf(service) !== doomed);
      await test.plane.ready();
      expect(await sampler.stop()).toEqual([]);
      expect(await lastingProblems()).toEqual([]);
    },
    120_000,
  );
});

it('a message redelivered after a kill changes nothing', async () => {
  await until('no message is open on any consumer', () => nothingOpen(test), 60_000);
  expect(await lastingProblems()).toEqual([]);
}, 120_000);
