// The attention list with the required actions: of a tenant's VMs, and of the hosts and the log.
import type { Vm } from '@ironlog/domain';
import type { AttentionItem, TenantId } from '@ironlog/schemas';
import { hostIdSchema, STREAMS, tenantIdSchema } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { prepareWrongClocks } from './wrong-clocks.ts';

/** The limit per kind (VMs, hosts, quarantined messages), so that none displaces the others. */
const MOST = 1000;

const HOST_ADVICE: Readonly<Record<string, string>> = {
  halted: 'read the reason; the executor touches nothing until it reads the right log again',
  unreachable:
    'check that the host is up, and that its executor runs and reaches NATS; the state of its VMs is unknown: if only the ' +
    'executor is down or cut off they run on without it, and if the host is down so are they; a returning executor reconciles each',
};

interface HostRow {
  id: string;
  status: string;
  since: string;
  reason: string | null;
}
interface PoisonRow {
  stream: string;
  sequence: number;
  tenant: string | null;
  subject: string;
  reason: string;
  at: string;
}

/** P8: a truncated list has an item that reports it. */
const cut = (items: readonly AttentionItem[], what: string): readonly AttentionItem[] => {
  const last = items[MOST];
  if (last === undefined) return items;
  const notice: AttentionItem = {
    kind: 'list-cut',
    since: last.since,
    reason: `more than ${MOST} ${what} need attention; ${MOST} of them are listed`,
    actionRequired: 'resolve the listed items; the others follow',
    tenant: null,
    vmId: null,
    host: null,
  };
  return [...items.slice(0, MOST), notice];
};

const VMS = 'SELECT body FROM vms WHERE tenant = ? AND attention = 1 ORDER BY created_sequence LIMIT ?';
/** For their test. */
export const ATTENTION_LISTS = { VMS };

export const prepareAttention = (db: Db) => {
  const vms = db.prepare<[string, number], { body: string }>(VMS);
  const hosts = db.prepare<[number], HostRow>(
    "SELECT id, status, since, reason FROM hosts WHERE status IN ('halted', 'unreachable') ORDER BY id LIMIT ?",
  );
  const wrongClocks = prepareWrongClocks(db);
  // A tenant's client may publish any number of commands: the index finds the newest ones, however many there are.
  const poison = db.prepare<[string | null, number], PoisonRow>(
    'SELECT stream, sequence, tenant, subject, reason, at FROM quarantine WHERE tenant IS ? ORDER BY at DESC LIMIT ?',
  );
  return (tenant: TenantId, wanted: { readonly hosts: boolean }): readonly AttentionItem[] => [
    ...cut(vms.all(tenant, MOST + 1).flatMap(ofVm), 'VMs'),
    ...cut(wanted.hosts ? hosts.all(MOST + 1).map(ofHost) : [], 'hosts'),
    ...cut(wanted.hosts ? wrongClocks(MOST + 1) : [], 'hosts with a wrong clock'),
    ...cut(poison.all(tenant, MOST + 1).map(ofPoison), 'quarantined messages'),
    ...cut(wanted.hosts ? poison.all(null, MOST + 1).map(ofPoison) : [], 'quarantined messages of no tenant'),
  ];
};

const ofVm = ({ body }: { body: string }): AttentionItem[] => {
  const vm = JSON.parse(body) as Vm;
  return vm.attention ? [{ ...vm.attention, tenant: vm.tenant, vmId: vm.id, host: vm.owner }] : [];
};

const ofHost = ({ id, status, since, reason }: HostRow): AttentionItem => ({
  kind: `host-${status}`,
  since,
  reason: reason ?? status,
  actionRequired: HOST_ADVICE[status] ?? 'read the reason',
  tenant: null,
  vmId: null,
  host: hostIdSchema.parse(id),
});

const ofPoison = ({ stream, sequence, tenant, subject, reason, at }: PoisonRow): AttentionItem => ({
  ...(stream === STREAMS.commands
    ? {
        kind: 'quarantined-command',
        reason,
        actionRequired: `the message is sequence ${sequence} of ${stream} and was not carried out; correct its sender`,
      }
    : {
        kind: 'quarantined',
        reason: `${stream} ${sequence} on ${subject}: ${reason}`,
        actionRequired: 'find out who published it; it changed nothing, and stays in the stream as evidence',
      }),
  since: at,
  tenant: tenantIdSchema.nullable().parse(tenant),
  vmId: null,
  host: null,
});
