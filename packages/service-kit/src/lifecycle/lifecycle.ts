/** One service instance from creation to stop: its runtime, its self-stop, and its stop steps. */

import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { createSelfStop, type SelfStop } from './self-stop.ts';

export interface Lifecycle {
  /** Its signal aborts when the service is to stop, for any reason. */
  readonly runtime: Runtime;
  readonly selfStop: SelfStop;
  /** Adds a stop step. Steps run in reverse order; one added after the stop (`start` still in progress) runs at once. */
  atStop(step: () => unknown): void;
  /** Runs every step, even after a failure; a second call is a no-op. @throws the first failed step's error */
  stop(): Promise<void>;
}

/** `service` is the name in logs and metrics. */
export const createLifecycle = (service: string, options: RuntimeOptions = {}): Lifecycle => {
  const given = createRuntime(service, options);
  const stopping = new AbortController();
  const runtime = { ...given, signal: AbortSignal.any([given.signal, stopping.signal]) };
  const steps: (() => unknown)[] = [];
  let isOver = false;

  const undo = async (): Promise<readonly unknown[]> => {
    const failures: unknown[] = [];
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step();
      } catch (err) {
        runtime.logger.error({ err }, 'a stop step failed');
        failures.push(err);
      }
    }
    return failures;
  };
  return {
    runtime,
    selfStop: createSelfStop(),
    atStop: (step) => {
      steps.push(step);
      if (isOver) void undo();
    },
    stop: async () => {
      stopping.abort(new Error(`the ${service} stops`));
      const failures = await undo();
      isOver = true;
      if (failures.length > 0) throw failures[0];
    },
  };
};
