/** One service instance from its creation to its stop: its surroundings, its own end, and what its stop undoes. */

import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { createSelfStop, type SelfStop } from './self-stop.ts';

export interface Lifecycle {
  /** Its signal aborts when the service is to stop, whoever says so. */
  readonly runtime: Runtime;
  readonly selfStop: SelfStop;
  /** What is given last is undone first; what is given when the stop is over (`start` was still under way) is undone at once. */
  atStop(step: () => unknown): void;
  /** Takes every step, whatever becomes of the others; once more it does nothing. @throws what the first that failed threw */
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
        runtime.logger.error({ err }, 'a step of the stop has failed');
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
