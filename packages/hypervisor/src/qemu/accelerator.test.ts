// An aborted KVM probe. It boots a program that never answers, where KVM is available.
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findUnder } from '../process/table/find.ts';
import { chooseAccelerator } from './accelerator.ts';

const hasKvm = ((): boolean => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
})();

if (!hasKvm) console.warn('no probe of KVM is given up: /dev/kvm is not here, or not for this user');
/** An unaborted probe takes 5 s. */
const WITHIN_MS = 4000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-probe-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it.skipIf(!hasKvm)(
  'is given up at once when it is aborted: nothing is kept, nothing runs on',
  { timeout: WITHIN_MS },
  async () => {
    const program = join(directory, 'deaf');
    writeFileSync(program, '#!/bin/sh\nwhile :; do sleep 1; done\n', { mode: 0o700 });
    for (const name of ['kernel', 'initrd']) writeFileSync(join(directory, name), '');
    const stop = new AbortController();
    const choice = chooseAccelerator({
      ...{ program, kernel: join(directory, 'kernel'), initrd: join(directory, 'initrd'), readyLine: 'ready' },
      cachePath: join(directory, 'accelerator.json'),
      onProbe: () => setTimeout(() => stop.abort(new Error('Ctrl-C')), 300),
      signal: stop.signal,
    });
    await expect(choice).rejects.toThrow('Ctrl-C');
    expect(readdirSync(directory).sort()).toEqual(['deaf', 'initrd', 'kernel']);
    expect(await findUnder(directory)).toEqual([]);
  },
);
