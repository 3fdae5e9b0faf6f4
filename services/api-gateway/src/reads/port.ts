// What the gateway asks of the read model by key, in its own thread; what may be long goes to read-workers/.
import type { Reader } from '@ironlog/read-model';

/** Every question names the tenant: another's rows cannot come back (P9). */
export type Reads = Pick<
  Reader,
  'positions' | 'historyPosition' | 'vm' | 'aggregate' | 'vmLocation' | 'operation' | 'waitingSpec' | 'close'
>;
