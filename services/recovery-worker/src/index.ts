// For tests: the recovery-worker in-process.
export { environmentSchema, type RecoveryConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { create, type RecoveryService } from './service.ts';
