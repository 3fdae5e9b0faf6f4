// The state directory: its owner's alone, one folder per VM below it, sockets that fit, and nothing else touched.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { socketPathFits, socketPathOf } from '@ironlog/hypervisor';
import { newVmId, tenantId, tenantIdSchema, vmId, vmIdSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { StateDirectory } from './state-directory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const REF = { tenant: tenantId('acme'), vmId: vmId('vm-1') };

describe('it is its owner alone who may look', () => {
  it('makes itself and what leads to it 0700, and its file 0600', () => {
    const { path } = new StateDirectory(join(root, 'a', 'b'));
    expect(modeOf(path)).toBe(0o700);
    expect(modeOf(join(root, 'a'))).toBe(0o700);
    expect(modeOf(join(path, 'host.json'))).toBe(0o600);
  });

  it('closes one that was there and open to others', () => {
    const path = join(root, 'open');
    mkdirSync(path);
    chmodSync(path, 0o777);
    new StateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
  });
});

describe('a socket path', () => {
  /** What a tenant of one letter and a generated id leave of the 107 bytes. */
  const room = 107 - socketPathOf(`/t/${'x'.repeat(29)}`, 9_999_999).length;
  /** A path of exactly `bytes` bytes below the temporary directory. */
  const pathOf = (bytes: number): string => `${root}/`.padEnd(bytes, 'd');

  it('of a generated id fits in the longest directory that is taken, and one byte more is refused by name', () => {
    const state = new StateDirectory(pathOf(room));
    expect(socketPathFits(socketPathOf(state.directoryOf({ tenant: tenantId('t'), vmId: newVmId() }), 9_999_999))).toBe(
      true,
    );
    const long = pathOf(room + 1);
    expect(() => new StateDirectory(long)).toThrow(ConfigError);
    expect(() => new StateDirectory(long)).toThrow(`IRONLOG_STATE_DIR ${long} is 1 bytes too long`);
    expect(readdirSync(root)).toHaveLength(1);
  });

  it('of ids that a tenant chose is judged by itself, to the byte, and the ids are named', () => {
    const deep = new StateDirectory(pathOf(room));
    const why = (length: number) => deep.whyTooLong({ tenant: tenantId('t'), vmId: vmId('v'.repeat(length)) });
    expect(why(29)).toBeUndefined();
    expect(why(30)).toContain(`the ids t and ${'v'.repeat(30)} make a socket path of 108 bytes, and 107 is the limit`);
  });
});

test('it has one name, however it was written: links and dots are resolved', () => {
  const plain = new StateDirectory(join(root, 'plain'));
  symlinkSync(plain.path, join(root, 'link'));
  for (const written of [`${root}/plain/`, `${root}/plain/.`, `${root}//plain`, `${root}/a/../plain`, `${root}/link`])
    expect([written, new StateDirectory(written).path]).toEqual([written, plain.path]);
});

test('one with a comma is refused, also behind a link: no process could be found by it', () => {
  const comma = join(root, 'a,b');
  expect(() => new StateDirectory(comma)).toThrow(`IRONLOG_STATE_DIR ${comma} has a comma in it`);
  expect(existsSync(comma)).toBe(false);
  mkdirSync(comma);
  symlinkSync(comma, join(root, 'link'));
  expect(() => new StateDirectory(join(root, 'link'))).toThrow(ConfigError);
});

test("every VM's folder is its own and lies two below; nothing that is an id leads elsewhere", () => {
  const state = new StateDirectory(root);
  expect(relative(root, state.directoryOf(REF))).toBe('acme/vm-1');
  for (const text of ['..', '.', '', 'a/b', '/etc', '../acme', 'a\0b', 'A', 'ab ', '-a', 'a'.repeat(64), 'any'])
    expect([text, tenantIdSchema.safeParse(text).success, vmIdSchema.safeParse(text).success]).toEqual([
      text,
      false,
      false,
    ]);
});

test('the VMs are the folders whose names are ids; files and other folders are not ours, and stay', () => {
  const state = new StateDirectory(root);
  for (const folder of ['acme/vm-1', 'acme/vm-2', 'beta/vm-1', 'acme/Not_Ours', '.compile-cache/v24', 'any/vm-1'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'acme', 'vm-3'), 'a file');
  writeFileSync(join(root, 'gamma'), 'a file');
  const keys = state.vms().map(({ tenant, vmId: id }) => `${tenant}/${id}`);
  expect(keys.sort()).toEqual(['acme/vm-1', 'acme/vm-2', 'beta/vm-1']);
  expect(readdirSync(join(root, '.compile-cache'))).toEqual(['v24']);
  expect(readFileSync(join(root, 'gamma'), 'utf8')).toBe('a file');
});

describe('what it remembers', () => {
  it('is there after a restart, under the same id', () => {
    const first = new StateDirectory(root);
    expect(first.host).toMatchObject({ log: null, scannedTo: 0 });
    const log = { createdAt: '2026-01-01T00:00:00.000Z', lastSequence: 7 };
    first.save({ log });
    first.save({ scannedTo: 5 });
    expect(new StateDirectory(root).host).toEqual({
      stateDirectoryId: first.host.stateDirectoryId,
      log,
      scannedTo: 5,
      starts: [],
    });
    expect(readdirSync(root)).toEqual(['host.json']);
  });

  it('is another id in another directory', () => {
    const [one, two] = [new StateDirectory(join(root, 'one')), new StateDirectory(join(root, 'two'))];
    expect(one.host.stateDirectoryId).not.toBe(two.host.stateDirectoryId);
  });

  it.each(['', '{"stateDirectoryId":', '{"stateDirectoryId":"one"}'])(
    'is not guessed where the file is damaged (%j): without it nothing may be reaped',
    (text) => {
      writeFileSync(join(root, 'host.json'), text);
      expect(() => new StateDirectory(root)).toThrow();
      expect(readFileSync(join(root, 'host.json'), 'utf8')).toBe(text);
    },
  );
});
