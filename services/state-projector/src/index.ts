// For tests: the service in-process.
export { environmentSchema, type ProjectorConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { create } from './service.ts';
