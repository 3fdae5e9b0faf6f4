// What a new user sees: addresses, a token, and commands to paste that work as they stand.
export interface BannerFacts {
  readonly http: string;
  readonly nats: string;
  readonly natsUser: string;
  readonly token: string;
  readonly tenant: string;
  readonly hosts: readonly string[];
  readonly hypervisor: string;
  readonly devFile: string;
  readonly logs: string;
}

export const banner = (facts: BannerFacts): string => {
  const { http, nats, natsUser, token, tenant, hosts, hypervisor, devFile, logs } = facts;
  const auth = `-H 'Authorization: Bearer ${token}'`;
  return `
Ironlog is ready.

  HTTP   ${http}   (API description: ${http}/docs)
  NATS   ${nats}   (user ${natsUser}; its password is in ${devFile})
  token  ${token}   (tenant ${tenant})
  hosts  ${hosts.join(', ')} (${hypervisor})
  logs   ${logs}

Create and start a VM, and wait for it to run:
  curl -sS ${auth} -H 'Content-Type: application/json' -H 'Prefer: wait=20' -d '{"id":"vm-1","start":true}' ${http}/v1/vms

Its events, its console, its state:
  curl -sS ${auth} '${http}/v1/vms/vm-1/events'
  curl -sS ${auth} -H 'Accept: text/plain' '${http}/v1/vms/vm-1/console?tail=2000'
  curl -sS ${auth} ${http}/v1/vms/vm-1

Every event of yours as it happens (Ctrl-C ends it):
  curl -sSN ${auth} -H 'Accept: text/event-stream' ${http}/v1/events

The same by publishing to NATS, from another terminal in this folder:
  npm run --silent publish-command -- vm-2 create '{"params":{"start":true}}'

Stop it, delete it:
  curl -sS ${auth} -H 'Content-Type: application/json' -H 'Prefer: wait=40' -d '{}' ${http}/v1/vms/vm-1/shutdown
  curl -sS ${auth} -H 'Prefer: wait=20' -X DELETE '${http}/v1/vms/vm-1?force=true'

Ctrl-C stops everything.
`;
};
