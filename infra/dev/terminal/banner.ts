// The banner for a new user: addresses, a token, and commands to paste.
import { MAX_LOG_BYTES } from '../processes/log-rotation.ts';

export interface BannerFacts {
  readonly http: string;
  readonly nats: string;
  readonly natsUser: string;
  readonly token: string;
  readonly tenant: string;
  readonly hosts: readonly string[];
  readonly hypervisors: readonly string[];
  /** By service. */
  readonly ops: Readonly<Record<string, string>>;
  readonly devFile: string;
  /** The publish-command options that select this plane; empty for the default one. */
  readonly publishOptions: readonly string[];
  readonly logs: string;
  readonly keepVms: boolean;
}

/** Quoted for a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const opsLines = (ops: BannerFacts['ops']): string => {
  const width = Math.max(...Object.keys(ops).map((name) => name.length));
  return Object.entries(ops)
    .map(([name, url], index) => `  ${index === 0 ? 'ops' : '   '}    ${name.padEnd(width)}  ${url}`)
    .join('\n');
};

export const banner = (facts: BannerFacts): string => {
  const { http, nats, natsUser, token, tenant, hosts, hypervisors, ops, devFile, publishOptions, logs, keepVms } =
    facts;
  const auth = `-H 'Authorization: Bearer ${token}'`;
  const publish = ['npm run --silent publish-command --', ...publishOptions.map(quoted)].join(' ');
  return `
Ironlog is ready.

  HTTP   ${http}   (API description: ${http}/docs)
  NATS   ${nats}   (user ${natsUser}; its password is in ${devFile})
  token  ${token}   (tenant ${tenant})
  hosts  ${hosts.join(', ')} (${hypervisors.join(', ')})
  logs   ${logs}   (each is rotated at ${MAX_LOG_BYTES / 1024 / 1024} MiB; the one before is <name>.log.1)
${opsLines(ops)}
         each serves /healthz, /readyz and /metrics

Create and start a VM, and wait for it to run:
  curl -sS ${auth} -H 'Content-Type: application/json' -H 'Prefer: wait=20' -d '{"id":"vm-1","start":true}' ${http}/v1/vms

Its events, its console, its state:
  curl -sS ${auth} '${http}/v1/vms/vm-1/events'
  curl -sS ${auth} -H 'Accept: text/plain' '${http}/v1/vms/vm-1/console?tail=2000'
  curl -sS ${auth} ${http}/v1/vms/vm-1

Every event of yours as it happens (Ctrl-C ends it):
  curl -sSN ${auth} -H 'Accept: text/event-stream' ${http}/v1/events

The same by publishing to NATS, from another terminal in this folder:
  ${publish} vm-2 create '{"params":{"start":true}}'

Stop it, delete it:
  curl -sS ${auth} -H 'Content-Type: application/json' -H 'Prefer: wait=40' -d '{}' ${http}/v1/vms/vm-1/shutdown
  curl -sS ${auth} -H 'Prefer: wait=20' -X DELETE '${http}/v1/vms/vm-1?force=true'

${keepVms ? 'Ctrl-C stops everything but the VMs, which run on: the next start adopts them.' : 'Ctrl-C stops everything, VMs too.'}
`;
};
