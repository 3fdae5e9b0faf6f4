// For tests: the service in-process.
export { environmentSchema, type ProjectorConfig } from './env.ts';
export { create } from './service.ts';
