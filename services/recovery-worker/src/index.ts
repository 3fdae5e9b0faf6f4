// The recovery-worker, for whoever runs it inside another process: tests.
export { environmentSchema, type RecoveryConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { create, type RecoveryService } from './service.ts';
