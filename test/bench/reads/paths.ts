// Lists of the big tenant that are asked for over HTTP: filters, alone and together, and full pages.
import { idOf } from '../lists/fleet.ts';

/** First pages of 100; `n`: how many VMs there are. */
export const filtersOf = (n: number): readonly string[] => {
  const one = n - (n % 10) - 9;
  return [
    '/v1/vms?state=failed',
    '/v1/vms?host=host-99999',
    '/v1/vms?label.tier=none',
    '/v1/vms?label.tier=web&label.release=7',
    `/v1/vms?label.serial=${one}`,
    '/v1/vms?q=zzz',
    `/v1/vms?q=server%20${one}`,
    `/v1/vms?q=server%20${one}&includeDeleted=true`,
    `/v1/vms?q=${idOf(one).slice(-5)}&includeDeleted=true`,
    '/v1/vms?state=failed&label.tier=web',
    '/v1/vms?state=paused&label.release=7&q=server',
    '/v1/vms?state=deleted&q=zzz',
    '/v1/operations?status=failed',
    `/v1/operations?vmId=${idOf(1)}`,
    '/v1/usage?by=tenant',
  ];
};

/** Each has as many items as a page may. */
export const FULL_PAGES: readonly string[] = [
  '/v1/vms?limit=500',
  '/v1/vms?state=deleted&limit=500',
  '/v1/operations?limit=500',
  '/v1/operations?status=pending&limit=500',
  '/v1/usage?limit=500',
];
