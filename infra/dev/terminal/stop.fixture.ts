// A process that stops as `npm start` does, for stop-signals.test.ts: says something all the time, and how it ended in a file.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { say } from './print.ts';
import { listenForStop } from './stop-signals.ts';
import { outliveTerminal } from './terminal.ts';

outliveTerminal();
const { stop, hurry } = listenForStop();
const [, , endFile = ''] = process.argv;
const talk = setInterval(() => {
  say('still here');
  process.stdout.write('up\n');
}, 5);
await once(stop, 'abort');
say('stopping');
if (!hurry.aborted) await Promise.race([once(hurry, 'abort'), new Promise((resolve) => setTimeout(resolve, 1500))]);
clearInterval(talk);
writeFileSync(endFile, `${stop.reason.message}${hurry.aborted ? ' at once' : ''}`);
