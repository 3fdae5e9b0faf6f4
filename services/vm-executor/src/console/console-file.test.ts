// A console's bytes and positions across crashes and rotations, for hypervisors that append and one that does not.
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { consoleRange, consoleTail, readConsole, recoverRotation, rotateConsole } from './console-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
  path = join(directory, 'console.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const text = (from: number, atMost = 1000) => {
  const part = readConsole(directory, from, atMost);
  return part && [part.from, part.bytes.toString(), part.end];
};
const tail = (bytes: number) => consoleTail(directory, bytes)?.bytes.toString();

test('a VM without a console has none, rotated or not', () => {
  rotateConsole(directory, 100);
  expect([consoleRange(directory), text(0), consoleTail(directory, 5)]).toEqual([undefined, undefined, undefined]);
  expect(readdirSync(directory)).toEqual([]);
});

describe.each([
  ['appends', 'a'],
  ['writes on where it was', 'w'],
] as const)('a hypervisor that %s', (_, mode) => {
  let guest: number;
  let at = 0;
  beforeEach(() => {
    guest = openSync(path, mode);
    at = 0;
  });
  afterEach(() => closeSync(guest));
  const print = (line: string): void => {
    at += writeSync(guest, line, mode === 'a' ? null : at);
  };

  test('is read across the rotation, each byte once at its position', () => {
    print('0123456789');
    rotateConsole(directory, 6);
    print('abcdef');
    expect(consoleRange(directory)).toMatchObject({ start: 4, active: 10, end: 16 });
    expect(text(0)).toEqual([4, '456789abcdef', 16]);
    expect(text(8, 4)).toEqual([8, '89ab', 16]);
    expect(text(12, 2)).toEqual([12, 'cd', 16]);
    expect(text(10)).toEqual([10, 'abcdef', 16]);
    expect([text(16), text(99)]).toEqual([
      [16, '', 16],
      [16, '', 16],
    ]);
    expect([tail(3), tail(8), tail(99)]).toEqual(['def', '89abcdef', '456789abcdef']);
  });

  test('keeps what is new, and one rotated file, over many rotations', () => {
    let printed = '';
    for (let round = 0; round < 20; round += 1) {
      const line = `line ${round}\n`.repeat(3);
      print(line);
      printed += line;
      rotateConsole(directory, 50);
      expect(consoleRange(directory)?.end).toBe(printed.length);
      expect(tail(50)).toBe(printed.slice(-50));
      expect(readdirSync(directory)).toHaveLength(2);
    }
    expect(statSync(path).size).toBe(0);
  });

  test('is read on behind a rotation of little', () => {
    print('first epoch ');
    rotateConsole(directory, 100);
    print('x');
    rotateConsole(directory, 100);
    expect(text(0)).toEqual([0, 'first epoch x', 13]);
    print('second');
    expect(text(0)).toEqual([0, 'first epoch xsecond', 19]);
  });

  test('a rotation that was cut off before the truncation is undone, and one after it is finished', () => {
    print('0123456789');
    writeFileSync(join(directory, 'console.0-10.log.new'), '0123456789');
    recoverRotation(directory);
    expect([readdirSync(directory), text(0)]).toEqual([['console.log'], [0, '0123456789', 10]]);
    writeFileSync(join(directory, 'console.0-10.log.new'), '0123456789');
    truncateSync(path);
    print('ABCDEFGHIJKLMN');
    recoverRotation(directory);
    expect(text(0)).toEqual([0, '0123456789ABCDEFGHIJKLMN', 24]);
    expect(readdirSync(directory).toSorted()).toEqual(['console.0-10.log', 'console.log']);
  });
});

test('of two rotated files, as a crash may leave them, the newer counts', () => {
  appendFileSync(path, 'new');
  writeFileSync(join(directory, 'console.0-5.log'), 'older');
  writeFileSync(join(directory, 'console.2-5.log'), 'der.6');
  expect(text(0)).toEqual([2, 'der.6new', 10]);
  rotateConsole(directory, 4);
  expect(readdirSync(directory).toSorted()).toEqual(['console.6-3.log', 'console.log']);
});

test('its files are for their owner only', () => {
  appendFileSync(path, 'secret', { mode: 0o600 });
  rotateConsole(directory, 100);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
});
