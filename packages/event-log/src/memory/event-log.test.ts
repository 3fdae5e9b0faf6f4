import { describeEventLog } from '../conformance.ts';
import { createMemoryEventLog } from './event-log.ts';
import { type Loss, memoryStream, write } from './memory-store.ts';

const stream = memoryStream();
let loss: Loss = 'nothing';
let failed = 0;
const underTest = {
  log: createMemoryEventLog({
    stream,
    loss: () => loss,
    observe: ({ kind }) => {
      if (kind === 'retry') failed += 1;
    },
  }),
  other: createMemoryEventLog({ stream }),
  lose: (next: Loss) => {
    loss = next;
  },
  failedAttempts: () => failed,
  write: async (entry: Parameters<typeof write>[1]) => write(stream, entry),
};

describeEventLog('in memory', () => underTest);
