/** Called by every `main.ts`: configuration, start, and a bounded stop on a signal, a failure or the service's own decision. */
import type { z } from 'zod';
import { ConfigError, loadConfig } from '../config/config.ts';
import { logEnvironment, processEnvironment } from '../config/environment.ts';
import type { Logger } from '../telemetry/log.ts';
import { standardOutput } from '../telemetry/log-output.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { delay } from '../time/retry.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { ExitCode, type ServiceEnd } from './self-stop.ts';

/** A service as `create` returns it; a test starts and stops it the same way. */
export interface Service {
  /** Resolves when the service works. The runtime's `signal` may abort it. */
  start(): Promise<void>;
  /** Completes pending work and releases everything. May be called while `start` is still in progress. */
  stop(): Promise<void>;
  /** Resolves when the service ends itself (see `createSelfStop`). */
  readonly ended?: Promise<ServiceEnd>;
}

/** Settings of `run`. */
export interface RunOptions<Schema extends z.ZodType> {
  /** The service's name in logs, metrics and traces. */
  readonly name: string;
  readonly env: Schema;
  readonly create: (config: z.output<Schema>, overrides: Partial<Runtime>) => Service | Promise<Service>;
  /** Time limit of `stop`, in milliseconds; default 10,000. */
  readonly stopTimeoutMs?: number;
}

const refuseToStart = (error: ConfigError): never => {
  process.stderr.write(`${error.message}\n`);
  process.exit(ExitCode.config);
};

const catchUnhandled = (logger: Logger): void => {
  const die = (err: unknown): void => {
    logger.fatal({ err }, 'unhandled failure: this is a bug');
    process.exit(ExitCode.software);
  };
  process.on('unhandledRejection', die);
  process.on('uncaughtException', die);
};

// Only the first signal counts: Ctrl-C reaches the whole process group, and the supervisor then sends SIGTERM as well.
// SIGKILL ends the process without a stop, which the log tolerates (P3).
const stopOnSignal = (logger: Logger): AbortSignal => {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) return;
    logger.info({ signal }, 'stopping');
    controller.abort(new Error(`stopped by ${signal}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return controller.signal;
};

/** Runs `service` until it ends: by a signal, its own decision, or a failed start. Returns the exit code. */
const work = async (service: Service, signal: AbortSignal, logger: Logger): Promise<number> => {
  const asked = Promise.withResolvers<number>();
  signal.addEventListener('abort', () => asked.resolve(ExitCode.ok), { once: true });
  if (signal.aborted) return ExitCode.ok;
  const started = service.start().then(
    () => {
      logger.info('started');
      return new Promise<never>(() => undefined);
    },
    (cause: unknown) => {
      if (signal.aborted) return ExitCode.ok;
      if (cause instanceof ConfigError) {
        process.stderr.write(`${cause.message}\n`);
        return ExitCode.config;
      }
      logger.fatal({ err: cause }, 'the service cannot start');
      return ExitCode.software;
    },
  );
  const own = service.ended?.then(({ code, reason, exitCode }) => {
    logger.error({ code, reason }, 'the service ends itself');
    return exitCode;
  });
  return Promise.race([asked.promise, started, ...(own === undefined ? [] : [own])]);
};

const stopWithin = async (stop: () => Promise<void>, timeoutMs: number, logger: Logger): Promise<boolean> => {
  const late = new AbortController();
  try {
    return await Promise.race([stop().then(() => true), delay(timeoutMs, late.signal).then(() => false)]);
  } catch (err) {
    if (late.signal.aborted) return true;
    logger.error({ err }, 'the service failed while stopping');
    return false;
  } finally {
    late.abort();
  }
};

/**
 * Never returns. Exit codes: 0 after a signal, 78 for a configuration error (the variable's name is on standard error),
 * 70 for a bug or a stop that took too long, or the code of the service's own `ended`.
 */
export const run = async <Schema extends z.ZodType>(options: RunOptions<Schema>): Promise<never> => {
  const { name, env: schema, create, stopTimeoutMs = 10_000 } = options;
  // State directories are 0700 and files 0600, independent of the shell's umask.
  process.umask(0o077);
  const env = processEnvironment();
  try {
    const config = loadConfig(schema, env);
    const level = logEnvironment.IRONLOG_LOG_LEVEL.parse(env.IRONLOG_LOG_LEVEL || undefined);
    const host = env.IRONLOG_HOST_ID;
    const base = createRuntime(name, { logLevel: level, processMetrics: true, ...(host ? { host } : {}) });
    const { logger } = base;
    const dropped = base.metrics.counter('ironlog_log_lines_dropped_total');
    standardOutput.onDrop(() => dropped.inc());
    catchUnhandled(logger);
    const signal = stopOnSignal(logger);
    const tracing = await startTracing({ service: name, env, logger });
    const service = await create(config, { ...base, signal });
    const exitCode = await work(service, signal, logger);
    const clean = await stopWithin(() => service.stop(), stopTimeoutMs, logger);
    if (!clean) logger.error({ timeoutMs: stopTimeoutMs }, 'the service did not stop cleanly');
    await tracing.stop();
    logger.info({ exitCode }, 'ended');
    process.exit(clean ? exitCode : exitCode || ExitCode.software);
  } catch (error) {
    if (error instanceof ConfigError) return refuseToStart(error);
    throw error;
  }
};
