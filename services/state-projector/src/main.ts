// The projector as a process.
import { run } from '@ironlog/service-kit';
import { environmentSchema } from './env.ts';
import { create } from './service.ts';

await run({ name: 'state-projector', env: environmentSchema, create });
