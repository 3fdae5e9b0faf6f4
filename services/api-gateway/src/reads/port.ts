// The gateway's reads by key, in its own thread; reads that may be long go to read-workers/.
import type { Reader } from '@ironlog/read-model';

/** Every query names the tenant: it cannot return another tenant's rows (P9). */
export type Reads = Pick<
  Reader,
  'positions' | 'historyPosition' | 'vm' | 'aggregate' | 'vmLocation' | 'operation' | 'waitingSpec' | 'image' | 'close'
>;
