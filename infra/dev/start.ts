// `npm start`: the whole plane on this machine, under a small supervisor, until Ctrl-C.
import { join, relative } from 'node:path';
import { hostId } from '@ironlog/schemas';
import { clientUser } from '../nats/accounts.ts';
import { type NatsProcess, startNats } from '../nats/nats-process.ts';
import { banner } from './banner.ts';
import { removeDevFile, writeDevFile } from './dev-file.ts';
import { endGuests } from './guests.ts';
import { hypervisorEnvironment } from './hypervisor.ts';
import { lockStateDirectory } from './lock.ts';
import { findNatsServer } from './nats-server.ts';
import { readOptions, type StartOptions, USAGE } from './options.ts';
import { DEV_FILE, PRIVATE_DIR, privateDirectory, ROOT } from './paths.ts';
import { choosePort } from './ports.ts';
import { waitUntilReady } from './readiness.ts';
import { say } from './say.ts';
import { planServices } from './services.ts';
import { Supervisor } from './supervisor.ts';
import { DEV_TENANT, ensureDevToken } from './tokens.ts';

const NATS_PORT = 4222;
const READY_WITHIN_MS = 60_000;

const start = async (options: StartOptions, signal: AbortSignal): Promise<void> => {
  privateDirectory(PRIVATE_DIR);
  const stateDir = privateDirectory(options.stateDir);
  const unlock = await lockStateDirectory(stateDir);
  const hosts = Array.from({ length: options.hosts }, (_, index) => hostId(`host-${index + 1}`));
  const supervisor = new Supervisor(privateDirectory(join(stateDir, 'logs')));
  let nats: NatsProcess | undefined;
  try {
    const hypervisor = await hypervisorEnvironment(options.hypervisor);
    const binary = await findNatsServer();
    nats = await startNats({
      binary,
      directory: join(stateDir, 'nats'),
      hosts,
      tenants: [DEV_TENANT],
      port: NATS_PORT,
    });
    if (nats.taken !== undefined) say(`port ${nats.taken} is taken; NATS is at ${nats.url}`);
    const http = await choosePort(options.httpPort);
    if (http.taken !== undefined) say(`port ${http.taken} is taken; HTTP is at ${http.port}`);
    const opsPorts = await Promise.all(
      Array.from({ length: 2 + hosts.length }, async () => (await choosePort(0)).port),
    );
    const { token, tokensFile } = ensureDevToken(stateDir);
    const services = planServices({ nats, stateDir, hosts, httpPort: http.port, opsPorts, tokensFile, hypervisor });
    for (const service of services) supervisor.start(service);
    await Promise.all(services.map(({ readyUrl }) => waitUntilReady(readyUrl, READY_WITHIN_MS, signal)));
    const client = clientUser(DEV_TENANT).user;
    const facts = {
      http: `http://127.0.0.1:${http.port}`,
      nats: nats.url,
      natsUser: client,
      token,
      tenant: DEV_TENANT,
      hosts,
    };
    writeDevFile({ ...facts, natsPassword: nats.credentials.passwordOf(client), hosts: [...hosts] });
    process.stdout.write(
      banner({
        ...facts,
        hypervisor: options.hypervisor,
        devFile: relative(ROOT, DEV_FILE),
        logs: supervisor.logOf('*'),
      }),
    );
    await ended(signal, nats);
  } finally {
    say('stopping');
    removeDevFile();
    await supervisor.stop();
    if (!options.keepVms) {
      const ended = await endGuests(stateDir);
      if (ended > 0) say(`ended ${ended} VM${ended === 1 ? '' : 's'}; --keep-vms leaves them running`);
    }
    await nats?.stop();
    unlock();
  }
};

/** Until Ctrl-C, or the end of nats-server, without which nothing goes on. */
const ended = (signal: AbortSignal, nats: NatsProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    nats.child.once('exit', (code, by) => {
      if (!signal.aborted) reject(new Error(`nats-server ended by itself (${by ?? code})`));
    });
  });

const main = async (): Promise<number> => {
  process.umask(0o077);
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => controller.abort(new Error(name)));
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) process.stdout.write(`${USAGE}\n`);
    else await start(options, controller.signal);
    return 0;
  } catch (error) {
    if (controller.signal.aborted) return 0;
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
};

process.exitCode = await main();
