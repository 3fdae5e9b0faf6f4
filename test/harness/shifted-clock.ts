// Preloaded into a service (`node --import`): shifts its wall clock by the milliseconds in the file named by CLOCK_SHIFT_FILE,
// and follows the file. The monotonic clock is untouched, as when an operator sets a machine's time.
import { readFileSync, watchFile } from 'node:fs';

const FOLLOW_EVERY_MS = 50;

const file = process.env.CLOCK_SHIFT_FILE;
if (file === undefined) throw new Error('CLOCK_SHIFT_FILE names no file');

const RealDate = Date;
const read = (): number => Number(readFileSync(file, 'utf8'));
let shiftMs = read();
watchFile(file, { interval: FOLLOW_EVERY_MS, persistent: false }, () => {
  shiftMs = read();
});

const now = (): number => RealDate.now() + shiftMs;

// A proxy, so that a Date made by Node itself is still an instance of it.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget): object =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
