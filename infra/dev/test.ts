// `npm test`: makes sure that what the tests run for real is there, then runs them all; says what it leaves out, and why.
import { spawnSync } from 'node:child_process';
import { findNatsServer } from './nats-server.ts';
import { ROOT } from './paths.ts';
import { say } from './say.ts';

const main = async (): Promise<number> => {
  try {
    process.env.IRONLOG_NATS_SERVER = await findNatsServer();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const { status, signal } = spawnSync('vitest', ['run', ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: 'inherit',
    env: process.env,
  });
  if (signal) say(`the tests were ended by ${signal}`);
  return status ?? 1;
};

process.exitCode = await main();
