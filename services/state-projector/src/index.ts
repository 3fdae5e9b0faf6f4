// For tests and the bench: the service in-process, and a rebuild alone.
export { environmentSchema, type ProjectorConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { openStreams } from './log-streams.ts';
export { rebuild } from './rebuild.ts';
export { create } from './service.ts';
