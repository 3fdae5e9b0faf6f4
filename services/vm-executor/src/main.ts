// The executor as a process.
import { run } from '@ironlog/service-kit';
import { environmentSchema } from './env.ts';
import { create } from './service.ts';

await run({ name: 'vm-executor', env: environmentSchema, create });
