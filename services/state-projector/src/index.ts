// For tests and the bench: the service in-process, and a rebuild alone.
export { environmentSchema, type ProjectorConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { rebuild } from './generations/rebuild.ts';
export { create } from './service.ts';
export { openStreams } from './streams/log-streams.ts';
