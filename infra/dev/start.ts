// `npm start`: the whole plane on this machine, under a small supervisor, until Ctrl-C.
import { once } from 'node:events';
import { relative } from 'node:path';
import { banner } from './banner.ts';
import { writeDevFile } from './dev-file.ts';
import { readOptions, type StartOptions, USAGE } from './options.ts';
import { DEV_FILE, PRIVATE_DIR, privateDirectory, ROOT } from './paths.ts';
import { startPlane } from './plane.ts';
import { say } from './say.ts';
import { shutDownVms } from './shut-down.ts';
import { listenForStop, type StopSignals } from './stop-signals.ts';
import { outliveTerminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const NATS_PORT = 4222;

const start = async (options: StartOptions, { stop, hurry }: StopSignals): Promise<void> => {
  privateDirectory(PRIVATE_DIR);
  say(`starting nats-server and the services (state in ${options.stateDir})`);
  const plane = await startPlane({ ...options, natsPort: NATS_PORT, say, signal: stop, hurry });
  let removeDevFile = (): void => undefined;
  try {
    const { http, token, tenant, nats, natsUser, supervisor } = plane;
    const hosts = [...plane.hosts];
    const facts = { http, nats: nats.url, natsUser, token, tenant, hosts };
    removeDevFile = writeDevFile({ ...facts, natsPassword: nats.credentials.passwordOf(natsUser) });
    const devFile = relative(ROOT, DEV_FILE);
    process.stdout.write(banner({ ...facts, hypervisor: options.hypervisor, devFile, logs: supervisor.logOf('*') }));
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    say('stopping');
    removeDevFile();
    const { http, token, hosts } = plane;
    if (!options.keepVms) await shutDownVms({ http, token, hosts, say, signal: hurry });
    await plane.stop({ keepVms: options.keepVms });
  }
};

const main = async (): Promise<number> => {
  process.umask(0o077);
  outliveTerminal();
  const signals = listenForStop();
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) process.stdout.write(`${USAGE}\n`);
    else await start(options, signals);
    return 0;
  } catch (error) {
    if (signals.stop.aborted) return 0;
    say(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? UsageError.exitCode : 1;
  }
};

process.exitCode = await main();
