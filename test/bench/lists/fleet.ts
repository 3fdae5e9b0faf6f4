// A million VMs over fifty tenants: one has half of them, a fifth of each tenant's are live, and each host has 1,000 live ones.
import { createHash } from 'node:crypto';
import { hostId, type TenantId, tenantId, vmId, vmSpecSchema } from '@ironlog/schemas';
import type { Born, Step } from '../lifecycles.ts';

const TENANTS = 50;
/** In ten VMs so many live on. */
const LIVE_IN_TEN = 2;
const VMS_PER_HOST = 5000;

/** Every other one has run. */
const DEAD: readonly (readonly Step[])[] = [
  ['claimed', 'created', 'delete', 'deleted'],
  ['claimed', 'created', 'boot', 'booted', 'delete', 'deleted'],
];
const RUN: readonly Step[] = ['claimed', 'created', 'boot', 'booted'];
/** Of a hundred live ones. */
const livesAs = (n: number): readonly Step[] => {
  if (n < 1) return [...RUN, 'crashed'];
  if (n < 4) return [...RUN, 'pause', 'paused'];
  if (n < 10) return [...RUN, 'shutdown', 'stopped'];
  return n < 20 ? ['claimed', 'created'] : RUN;
};

const TIERS = ['web', 'db', 'cache', 'batch'] as const;
export const BIG_TENANT = tenantId('tenant-0');
export const SMALL_TENANT = tenantId('tenant-1');

const tenantOf = (n: number): TenantId =>
  n % 2 === 1 ? BIG_TENANT : tenantId(`tenant-${1 + (Math.floor(n / 2) % (TENANTS - 1))}`);

/** Ids that begin in the order of their making and go on at random, as generated ones do. */
export const idOf = (n: number) =>
  vmId(`vm-${String(n).padStart(8, '0')}${createHash('sha256').update(String(n)).digest('hex').slice(0, 18)}`);
export const isLive = (n: number): boolean => n % 10 < LIVE_IN_TEN;

export const bornAs = (n: number): Born => ({
  tenant: tenantOf(n),
  id: idOf(n),
  host: hostId(`host-${Math.floor(n / VMS_PER_HOST)}`),
  // A name and a label that no other VM has, beside those that many have.
  spec: vmSpecSchema.parse({
    name: `${TIERS[(n >> 4) % TIERS.length]} server ${n}`,
    labels: { tier: TIERS[(n >> 4) % TIERS.length], release: String(n % 97), serial: String(n) },
  }),
  steps: isLive(n) ? livesAs(Math.floor(n / 10) % 100) : (DEAD[(n >> 1) % 2] ?? RUN),
});
