// What the gateway asks of the read model: the reader's questions of one tenant, and none of recovery's.
import type { Reader } from '@ironlog/read-model';

/** Every question names the tenant: another's rows cannot come back (P9). Hosts and images are under all tenants. */
export type Reads = Pick<
  Reader,
  | 'positions'
  | 'historyPosition'
  | 'vm'
  | 'aggregate'
  | 'vmThen'
  | 'vms'
  | 'vmLocation'
  | 'operation'
  | 'operations'
  | 'waitingSpec'
  | 'vmEvents'
  | 'history'
  | 'attention'
  | 'usage'
  | 'hosts'
  | 'image'
  | 'images'
  | 'imageUser'
  | 'close'
>;
