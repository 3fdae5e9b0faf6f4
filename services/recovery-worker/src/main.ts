// The recovery-worker as a process.
import { run } from '@ironlog/service-kit';
import { environmentSchema } from './env.ts';
import { create } from './service.ts';

await run({ name: 'recovery-worker', env: environmentSchema, create });
