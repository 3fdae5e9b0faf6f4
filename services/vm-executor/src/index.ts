// For tests: the service in-process, and its failpoints.
export { type ExecutorConfig, environmentSchema } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { ANSWER_HOLDS_MS } from './host/incarnation.ts';
export type { HostDeps } from './host-deps.ts';
export { create, type Overrides } from './service.ts';
