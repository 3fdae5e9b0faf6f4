/** A whole service for run.test.ts: IRONLOG_SCENARIO selects its behaviour. Reports over its IPC channel. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { z } from 'zod';
import { ConfigError } from '../config/config.ts';
import { logEnvironment } from '../config/environment.ts';
import { delay } from '../time/retry.ts';
import { run, type Service } from './run.ts';
import type { Runtime } from './runtime.ts';
import { createSelfStop } from './self-stop.ts';

const env = z.object({ ...logEnvironment, IRONLOG_SCENARIO: z.string().min(1).describe('a scenario') });

const send = (message: string): void => {
  process.send?.(message);
};

const create = (config: z.output<typeof env>, { signal }: Partial<Runtime>): Service => {
  const scenario = config.IRONLOG_SCENARIO;
  if (scenario === 'not-created') throw new Error('no such wiring');
  const selfStop = createSelfStop();
  // Keeps the process alive, like a real service's sockets.
  const server = createServer();
  const start = async (): Promise<void> => {
    server.listen(0, '127.0.0.1');
    if (scenario === 'bad-setting') throw new ConfigError('IRONLOG_SCENARIO is not supported');
    if (scenario === 'broken') throw new Error('the disk is gone');
    if (scenario === 'slow-start') {
      send('starting');
      await delay(3_600_000, signal);
    }
    if (scenario === 'stray') setImmediate(() => void Promise.reject(new Error('unhandled')));
    if (scenario === 'superseded') selfStop.end({ code: 'superseded', reason: 'a newer one runs', exitCode: 75 });
    send('started');
  };
  const stop = async (): Promise<void> => {
    send('stopping');
    if (scenario === 'two-signals') await once(process, 'SIGTERM');
    if (scenario === 'slow-stop') await delay(3_600_000);
    server.close();
  };
  return { start, stop, ended: selfStop.ended };
};

await run({ name: 'fixture', env, create, stopTimeoutMs: process.env.IRONLOG_SCENARIO === 'slow-stop' ? 200 : 30_000 });
