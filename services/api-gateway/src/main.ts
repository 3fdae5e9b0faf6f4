// The api-gateway as a process.
import { run } from '@ironlog/service-kit';
import { env } from './env.ts';
import { create } from './service.ts';

await run({ name: 'api-gateway', env, create });
