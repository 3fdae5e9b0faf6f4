// Consoles of printing guests: each returns to its bound, growth is reported, and an idle one has no cost.
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BOUND, testHost } from '../host.fixture.ts';
import { consoleRange, consoleTail, readConsole } from './console-file.ts';
import { ConsoleWatch } from './console-watch.ts';

const KEEP = 65_536;

describe('a console', () => {
  let directory: string;
  let watch: ConsoleWatch;
  const errors: unknown[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'il-'));
    errors.length = 0;
    watch = new ConsoleWatch({ keepBytes: KEEP, onError: (error) => errors.push(error) });
  });
  afterEach(() => {
    watch.stop();
    rmSync(directory, { recursive: true, force: true });
    expect(errors).toEqual([]);
  });
  const print = (text: string): void => appendFileSync(join(directory, 'console.log'), text);

  test('that grows is reported, also when it has been quiet', async () => {
    watch.watch(directory);
    let grown = 0;
    watch.listen(directory, () => {
      grown += 1;
    });
    for (const word of ['one', 'two', 'three']) {
      const before = grown;
      print(word);
      await vi.waitFor(() => expect(grown).toBeGreaterThan(before), BOUND);
    }
  });

  test('is read by its listeners before it is rotated', async () => {
    watch.watch(directory);
    let seen = '';
    let at = 0;
    watch.listen(directory, () => {
      const part = readConsole(directory, at, 10 * KEEP);
      seen += part?.bytes.toString();
      at = part?.end ?? at;
    });
    const printed = Array.from({ length: 3 * KEEP }, (_, n) => String.fromCharCode(97 + (n % 26))).join('');
    print(printed);
    await vi.waitFor(() => expect(consoleRange(directory)?.start).toBeGreaterThan(0), BOUND);
    expect(seen).toBe(printed);
  });

  test('is rotated when its process ends, and what came last is reported', () => {
    const end = watch.watch(directory);
    let grown = 0;
    watch.listen(directory, () => {
      grown += 1;
    });
    print('x'.repeat(KEEP));
    end();
    expect(grown).toBe(1);
    expect(consoleRange(directory)).toMatchObject({ start: KEEP / 2, active: KEEP, end: KEEP });
  });

  test('of another process goes on being watched when the one before it is reported dead late', async () => {
    const endFirst = watch.watch(directory);
    watch.watch(directory);
    endFirst();
    let grown = 0;
    watch.listen(directory, () => {
      grown += 1;
    });
    print('more');
    await vi.waitFor(() => expect(grown).toBe(1), BOUND);
  });

  test('begins an epoch empty, with what was printed before in the rotated file', () => {
    expect(watch.beginEpoch(directory)).toBe(0);
    print('first');
    expect(watch.beginEpoch(directory)).toBe(5);
    expect(statSync(join(directory, 'console.log')).size).toBe(0);
    print('second');
    expect(consoleTail(directory, 100)?.bytes.toString()).toBe('firstsecond');
  });

  test('that is gone is no error', () => {
    const end = watch.watch(directory);
    rmSync(directory, { recursive: true });
    end();
  });
});

describe('a guest', () => {
  const host = testHost();
  const bytesIn = (directory: string): number =>
    readdirSync(directory)
      .filter((name) => name.startsWith('console'))
      .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

  test('that prints without end does not fill the disk', async () => {
    host.consoleBytes = KEEP;
    const { id } = await host.made(true, { kernelArgs: 'sim.print=20000' });
    await host.start();
    const directory = host.directoryOf(id);
    await vi.waitFor(() => expect(consoleRange(directory)?.end).toBeGreaterThan(100 * KEEP), { timeout: 60_000 });
    expect(bytesIn(directory)).toBeLessThan(80 * KEEP);
    expect(consoleTail(directory, 10_000)?.bytes).toHaveLength(10_000);
    expect(host.consoleErrors).toEqual([]);
  }, 90_000);
});
