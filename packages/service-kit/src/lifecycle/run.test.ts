import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';

// Each test starts a process, whose duration depends on the machine.
vi.setConfig({ testTimeout: 30_000 });

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly stdout: string;
  readonly messages: readonly string[];
}

/** Starts the fixture as a process; `react` is called with its reports. */
const runFixture = async (
  env: Record<string, string>,
  react: (message: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> => {
  const child = fork(join(import.meta.dirname, 'run.fixture.ts'), [], {
    env: { PATH: process.env.PATH, ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const messages: string[] = [];
  child.on('message', (message) => {
    messages.push(String(message));
    react(String(message), (signal) => void child.kill(signal));
  });
  if (child.stdout === null || child.stderr === null) throw new Error('the fixture has no output');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, messages, stdout, stderr };
};

const logLines = (ended: Ended): readonly { msg: string; level: string; code?: string; exitCode?: number }[] =>
  ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops a started service, and the process ends with 0', async (signal) => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'plain' }, (message, kill) => {
    if (message === 'started') kill(signal);
  });
  expect(ended).toMatchObject({ code: 0, messages: ['started', 'stopping'], stderr: '' });
  expect(logLines(ended).map(({ msg }) => msg)).toEqual(['started', 'stopping', 'ended']);
});

test('a second signal while stopping changes nothing', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'two-signals' }, (message, kill) => {
    if (message === 'started' || message === 'stopping') kill(message === 'started' ? 'SIGINT' : 'SIGTERM');
  });
  expect(ended).toMatchObject({ code: 0, messages: ['started', 'stopping'] });
});

test('a service that cannot be created is logged as fatal and ends with 70', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'not-created' });
  expect(ended).toMatchObject({ code: 70, messages: [] });
  expect(logLines(ended).at(-1)).toMatchObject({ level: 'fatal', err: { message: 'no such wiring' } });
});

test('a signal during start ends the start', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'slow-start' }, (message, kill) => {
    if (message === 'starting') kill('SIGTERM');
  });
  expect(ended).toMatchObject({ code: 0, messages: ['starting', 'stopping'] });
});

test('a stop that takes too long is interrupted, and is a failure', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'slow-stop' }, (message, kill) => {
    if (message === 'started') kill('SIGTERM');
  });
  expect(ended.code).toBe(70);
  expect(ended.stdout).toContain('did not stop cleanly');
});

test('a wrong environment ends with 78 and the name of the variable on standard error', async () => {
  const missing = await runFixture({});
  expect(missing).toMatchObject({
    code: 78,
    stderr: 'IRONLOG_SCENARIO is not set; it takes a scenario\n',
    messages: [],
  });
  const typo = await runFixture({ IRONLOG_SCENARIO: 'plain', IRONLOG_LOGLEVEL: 'info' });
  expect(typo.code).toBe(78);
  expect(typo.stderr).toContain('IRONLOG_LOGLEVEL is not a variable of this service; the nearest is IRONLOG_LOG_LEVEL');
});

test('a setting that proves wrong during the start ends with 78, too, after a stop', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'bad-setting' });
  expect(ended).toMatchObject({ code: 78, stderr: 'IRONLOG_SCENARIO is not supported\n', messages: ['stopping'] });
});

test('a start that fails is logged as fatal and ends with 70', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'broken' });
  expect(ended).toMatchObject({ code: 70, messages: ['stopping'] });
  expect(logLines(ended)[0]).toMatchObject({ level: 'fatal', err: { message: 'the disk is gone' } });
});

test('an unhandled rejection is logged as fatal and ends with 70', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'stray' });
  expect(ended.code).toBe(70);
  expect(logLines(ended).at(-1)).toMatchObject({ level: 'fatal', err: { message: 'unhandled' } });
});

test('a service that ends itself is stopped, and sets the exit code', async () => {
  const ended = await runFixture({ IRONLOG_SCENARIO: 'superseded' });
  expect(ended).toMatchObject({ code: 75 });
  expect(ended.messages.at(-1)).toBe('stopping');
  expect(ended.stdout).toContain('"code":"superseded"');
});
