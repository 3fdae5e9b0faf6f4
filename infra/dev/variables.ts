// The shell's IRONLOG_ variables: each goes on to the services that know it, which judge its value; one that nobody knows
// stops the start, for what is left out in silence looks like a setting that does nothing.
import { readFileSync } from 'node:fs';
import { ConfigError, type Environment, nearestName } from '@ironlog/service-kit';
import { z } from 'zod';

/** By the name of a service's folder. */
export type Given = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Read by the start itself (nats-server.ts) and known to no service. */
const OF_THE_START = ['IRONLOG_NATS_SERVER'];

const OWN_NATS = 'npm start runs a nats-server of its own, with its own users';
/** What a service cannot be told from outside while a start tells it, and why or how else. */
const NOT_FROM_OUTSIDE: Readonly<Record<string, string>> = {
  IRONLOG_HTTP_HOST: 'npm start listens on 127.0.0.1 only',
  IRONLOG_HTTP_PORT: 'use --http-port',
  IRONLOG_HYPERVISOR: 'use --hypervisor',
  IRONLOG_HYPERVISORS: 'use --hypervisor',
  IRONLOG_HOST_ID: 'use --hosts',
  IRONLOG_STATE_DIR: 'use --state-dir',
  IRONLOG_READ_MODEL_DIR: 'use --state-dir',
  IRONLOG_TOKENS_FILE: 'npm start makes a token of its own',
  IRONLOG_NATS_URL: OWN_NATS,
  IRONLOG_NATS_MONITOR_URL: OWN_NATS,
  IRONLOG_NATS_SERVER_NAME: OWN_NATS,
  IRONLOG_NATS_USER: OWN_NATS,
  IRONLOG_NATS_PASSWORD: OWN_NATS,
  IRONLOG_FAILPOINT: 'it makes one service die, for the tests of that one',
};

/** From the services' own schemas (infra/generate): to load their code for it would take the start a second. */
const KNOWN = new URL('./known-variables.json', import.meta.url);
const knownSchema = z.record(z.string(), z.array(z.string()));

/** @throws ConfigError with a sentence for each variable that is not passed on. */
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
