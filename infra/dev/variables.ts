// The shell's IRONLOG_ variables: each is passed to the services that have it, which validate it; an unknown one stops
// the start, because an ignored setting would look ineffective.
import { readFileSync } from 'node:fs';
import { ConfigError, type Environment, nearestName } from '@ironlog/service-kit';
import { z } from 'zod';

/** By the name of a service's folder. */
export type Given = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Read by the start itself (nats-server.ts), not by a service. */
const OF_THE_START = ['IRONLOG_NATS_SERVER'];

const OWN_NATS = 'npm start runs its own nats-server, with its own users';
/** Variables that the start sets itself, with the reason or the alternative. */
const NOT_FROM_OUTSIDE: Readonly<Record<string, string>> = {
  IRONLOG_HTTP_HOST: 'npm start listens on 127.0.0.1 only',
  IRONLOG_HTTP_PORT: 'use --http-port',
  IRONLOG_HYPERVISOR: 'use --hypervisor',
  IRONLOG_HYPERVISORS: 'use --hypervisor',
  IRONLOG_HOST_ID: 'use --hosts',
  IRONLOG_STATE_DIR: 'use --state-dir',
  IRONLOG_READ_MODEL_DIR: 'use --state-dir',
  IRONLOG_TOKENS_FILE: 'npm start makes its own token',
  IRONLOG_NATS_URL: OWN_NATS,
  IRONLOG_NATS_MONITOR_URL: OWN_NATS,
  IRONLOG_NATS_SERVER_NAME: OWN_NATS,
  IRONLOG_NATS_USER: OWN_NATS,
  IRONLOG_NATS_PASSWORD: OWN_NATS,
  IRONLOG_FAILPOINT: 'it ends one service, for tests of that service',
};

/** From the services' own schemas (infra/generate): loading their code for it would take a second. */
const KNOWN = new URL('./known-variables.json', import.meta.url);
const knownSchema = z.record(z.string(), z.array(z.string()));

/** @throws ConfigError with one sentence per variable that is not passed on. */
export const shareOut = (env: Environment): Given => {
  const known = knownSchema.parse(JSON.parse(readFileSync(KNOWN, 'utf8')));
  const everyName = [...new Set([...Object.values(known).flat(), ...OF_THE_START])];
  const given = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith('IRONLOG_') && value ? [[name, value] as const] : [],
  );
  const complaints = given.flatMap(([name]) => {
    const why = NOT_FROM_OUTSIDE[name];
    if (why !== undefined) return [`${name} is not passed on to the services: ${why}`];
    if (everyName.includes(name)) return [];
    const nearest = nearestName(name, everyName);
    return [
      `${name} is no variable of npm start or its services; the nearest is ${nearest}; all: docs/reference/environment.md`,
    ];
  });
  if (complaints.length > 0) throw new ConfigError(complaints.join('\n'));
  return Object.fromEntries(
    Object.entries(known).map(([service, names]) => [
      service,
      Object.fromEntries(given.filter(([name]) => names.includes(name))),
    ]),
  );
};
