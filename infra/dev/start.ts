// `npm start`: the whole plane on this machine under a supervisor, until Ctrl-C.
import { once } from 'node:events';
import { relative } from 'node:path';
import { readOptions, type StartOptions, USAGE } from './options.ts';
import { DEV_FILE, ROOT } from './paths.ts';
import { writeDevFiles } from './plane/dev-file.ts';
import { startPlane } from './plane/plane.ts';
import { shutDownVms } from './plane/shut-down-vms.ts';
import { banner } from './terminal/banner.ts';
import { print } from './terminal/print.ts';
import { listenForStop, type StopSignals } from './terminal/stop-signals.ts';
import { ignoreTerminalErrors } from './terminal/terminal.ts';
import { UsageError } from './usage-error.ts';
import { shareOut } from './variables.ts';

const NATS_PORT = 4222;

const start = async (options: StartOptions, { stop, force }: StopSignals): Promise<void> => {
  const given = shareOut(process.env);
  print(`starting nats-server and the services (state in ${options.stateDir})`);
  const plane = await startPlane({ ...options, given, natsPort: NATS_PORT, print, signal: stop, force });
  let removeDevFiles = (): void => undefined;
  try {
    const { http, token, tenant, nats, natsUser, stateDir, supervisor, services } = plane;
    const hosts = [...plane.hosts];
    const ops = Object.fromEntries(services.map(({ name, opsUrl }) => [name, opsUrl]));
    const facts = { http, nats: nats.url, natsUser, token, tenant, hosts, ops };
    const written = await writeDevFiles({ ...facts, natsPassword: nats.credentials.passwordOf(natsUser), stateDir });
    removeDevFiles = written.remove;
    const isShared = written.path === DEV_FILE;
    process.stdout.write(
      banner({
        ...facts,
        hypervisors: options.hypervisors,
        devFile: isShared ? relative(ROOT, DEV_FILE) : written.path,
        publishOptions: isShared ? [] : ['--state-dir', stateDir],
        logs: supervisor.logOf('*'),
        keepVms: options.keepVms,
      }),
    );
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    print('stopping');
    removeDevFiles();
    const { http, token, hosts } = plane;
    if (!options.keepVms) await shutDownVms({ http, token, hosts, print, signal: force });
    await plane.stop({ keepVms: options.keepVms });
  }
};

const main = async (): Promise<number> => {
  process.umask(0o077);
  ignoreTerminalErrors();
  const signals = listenForStop();
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) process.stdout.write(`${USAGE}\n`);
    else await start(options, signals);
    return 0;
  } catch (error) {
    if (signals.stop.aborted) return 0;
    print(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? UsageError.exitCode : 1;
  }
};

process.exitCode = await main();
