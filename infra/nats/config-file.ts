// nats-server's generated configuration: loopback only, synchronous storage, an account per trust boundary.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostId, TenantId } from '@ironlog/schemas';
import { clientUser, controlUsers, type NatsUser, tenantAccount, tenantCommands } from './accounts.ts';
import type { NatsCredentials } from './credentials.ts';

export const MAX_PAYLOAD_BYTES = 65_536;

export interface NatsConfig {
  /** Absolute; holds the configuration and the streams. */
  readonly directory: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly hosts: readonly HostId[];
  readonly tenants: readonly TenantId[];
  readonly credentials: NatsCredentials;
}

const list = (subjects: readonly string[]): string => JSON.stringify(subjects);

const user = ({ user: name, publish, never, subscribe, answers }: NatsUser, password: string): string =>
  `      { user: ${JSON.stringify(name)}, password: ${JSON.stringify(password)}, permissions: {` +
  ` publish: { allow: ${list(publish)}, deny: ${list(never)} }, subscribe: { allow: ${list(subscribe)} }${answers ? ', allow_responses: { max: 1, expires: "10s" }' : ''} } }`;

const render = ({ directory, port, monitorPort, hosts, tenants, credentials }: NatsConfig): string => {
  const users = controlUsers(hosts).map((entry) => user(entry, credentials.passwordOf(entry.user)));
  const exported = tenants.map(
    (tenant) => `      { service: "${tenantCommands(tenant)}", accounts: ["${tenantAccount(tenant)}"] }`,
  );
  const accounts = tenants.map((tenant) => {
    const client = clientUser(tenant);
    return `  "${tenantAccount(tenant)}": {
    users: [
${user(client, credentials.passwordOf(client.user))}
    ]
    imports: [ { service: { account: CONTROL, subject: "${tenantCommands(tenant)}" } } ]
  }`;
  });
  return `server_name: ${credentials.serverName}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: ${MAX_PAYLOAD_BYTES}
write_deadline: "5s"
jetstream: {
  store_dir: ${JSON.stringify(join(directory, 'jetstream'))}
  # An acknowledged message is on the disk; the default syncs every two minutes.
  sync_interval: always
}
accounts: {
  CONTROL: {
    jetstream: enabled
    users: [
${users.join('\n')}
    ]
    exports: [
${exported.join('\n')}
    ]
  }
${accounts.join('\n')}
}
`;
};

/** Writes `nats.conf` (0600: it holds passwords) and returns its path. */
export const writeNatsConfig = (config: NatsConfig): string => {
  const file = join(config.directory, 'nats.conf');
  writeFileSync(file, render(config), { mode: 0o600 });
  chmodSync(file, 0o600);
  return file;
};
