// For stop-signals.test.ts: a process that stops like `npm start`, prints all the time, and writes its end to a file.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { print } from './print.ts';
import { listenForStop } from './stop-signals.ts';
import { ignoreTerminalErrors } from './terminal.ts';

ignoreTerminalErrors();
const { stop, force } = listenForStop();
const [, , endFile = ''] = process.argv;
const talk = setInterval(() => {
  print('still here');
  process.stdout.write('up\n');
}, 5);
await once(stop, 'abort');
print('stopping');
if (!force.aborted) await Promise.race([once(force, 'abort'), new Promise((resolve) => setTimeout(resolve, 1500))]);
clearInterval(talk);
writeFileSync(endFile, `${stop.reason.message}${force.aborted ? ' at once' : ''}`);
