// The names in the rows: made before the first row, and unchanged after the last.
import { derivedCommandId, tenantId } from '@ironlog/schemas';

export const HOME = tenantId('dev');
/** Has its own token, and no VM. */
export const OTHER_TENANT = tenantId('acme');

/** The VMs of HOME, by the state that each is brought into. */
export const VMS = { running: 'bad-running', created: 'bad-created', deleted: 'bad-deleted' } as const;
export const UNKNOWN_VM = 'bad-nobody';

/** The key of the running VM's create, from which its operation's id follows. */
export const CREATE_KEY = 'bad-input-running';
export const OPERATION = derivedCommandId(HOME, CREATE_KEY);

export const LONG_PAST = '2020-01-01T00:00:00.000Z';
export const FAR_AHEAD = '2999-01-01T00:00:00.000Z';
export const PATH_TEXT = '../../etc/passwd';
export const SQL_TEXT = "x' OR '1'='1';DROP TABLE vms--";
