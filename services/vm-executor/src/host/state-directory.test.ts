// The state directory: private to its owner, one folder per VM, sockets that fit, and nothing else touched.
import { randomUUID } from 'node:crypto';
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
import { dirname, join, relative } from 'node:path';
import { initialVm } from '@ironlog/domain';
import { socketPathFits, socketPathOf } from '@ironlog/hypervisor';
import { hostId, newVmId, tenantId, tenantIdSchema, vmId, vmIdSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { writeSnapshot } from '../vms/snapshot-store.ts';
import { StateDirectory } from './state-directory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const HOST = hostId('host-1');
const REF = { tenant: tenantId('acme'), vmId: vmId('vm-1') };

describe('only its owner may read it', () => {
  it('makes itself and its parents 0700, and its file 0600', () => {
    const { path } = new StateDirectory(join(root, 'a', 'b'), HOST);
    expect(modeOf(path)).toBe(0o700);
    expect(modeOf(join(root, 'a'))).toBe(0o700);
    expect(modeOf(join(path, 'host.json'))).toBe(0o600);
  });

  it('restricts an existing one that is open to others', () => {
    const path = join(root, 'open');
    mkdirSync(path);
    chmodSync(path, 0o777);
    new StateDirectory(path, HOST);
    expect(modeOf(path)).toBe(0o700);
  });
});

describe('a socket path', () => {
  /** The bytes of 107 that a one-letter tenant and a generated id leave. */
  const room = 107 - socketPathOf(`/t/${'x'.repeat(29)}`, 9_999_999).length;
  /** A path of exactly `bytes` bytes below the temporary directory. */
  const pathOf = (bytes: number): string => `${root}/`.padEnd(bytes, 'd');

  it('of a generated id fits in the longest accepted directory; one byte more is refused with the directory named', () => {
    const state = new StateDirectory(pathOf(room), HOST);
    expect(socketPathFits(socketPathOf(state.directoryOf({ tenant: tenantId('t'), vmId: newVmId() }), 9_999_999))).toBe(
      true,
    );
    const long = pathOf(room + 1);
    expect(() => new StateDirectory(long, HOST)).toThrow(ConfigError);
    expect(() => new StateDirectory(long, HOST)).toThrow(`IRONLOG_STATE_DIR ${long} is 1 bytes too long`);
    expect(readdirSync(root)).toHaveLength(1);
  });

  it('of ids chosen by a tenant is checked to the byte, and the refusal names the ids', () => {
    const deep = new StateDirectory(pathOf(room), HOST);
    const why = (length: number) => deep.whyTooLong({ tenant: tenantId('t'), vmId: vmId('v'.repeat(length)) });
    expect(why(29)).toBeUndefined();
    expect(why(30)).toContain(`the ids t and ${'v'.repeat(30)} make a socket path of 108 bytes, and 107 is the limit`);
  });
});

test('its path is canonical: links and dots are resolved', () => {
  const plain = new StateDirectory(join(root, 'plain'), HOST);
  symlinkSync(plain.path, join(root, 'link'));
  for (const written of [`${root}/plain/`, `${root}/plain/.`, `${root}//plain`, `${root}/a/../plain`, `${root}/link`])
    expect([written, new StateDirectory(written, HOST).path]).toEqual([written, plain.path]);
});

test('one with a comma is refused, also behind a link: no process could be found by it', () => {
  const comma = join(root, 'a,b');
  expect(() => new StateDirectory(comma, HOST)).toThrow(`IRONLOG_STATE_DIR ${comma} has a comma in it`);
  expect(existsSync(comma)).toBe(false);
  mkdirSync(comma);
  symlinkSync(comma, join(root, 'link'));
  expect(() => new StateDirectory(join(root, 'link'), HOST)).toThrow(ConfigError);
});

test('every VM has its own folder two levels below; no id leads elsewhere', () => {
  const state = new StateDirectory(root, HOST);
  expect(relative(root, state.directoryOf(REF))).toBe('acme/vm-1');
  for (const text of ['..', '.', '', 'a/b', '/etc', '../acme', 'a\0b', 'A', 'ab ', '-a', 'a'.repeat(64), 'any'])
    expect([text, tenantIdSchema.safeParse(text).success, vmIdSchema.safeParse(text).success]).toEqual([
      text,
      false,
      false,
    ]);
});

test('the VMs are the folders whose names are ids; other entries are foreign, and stay', () => {
  const state = new StateDirectory(root, HOST);
  for (const folder of ['acme/vm-1', 'acme/vm-2', 'beta/vm-1', 'acme/Not_Ours', '.compile-cache/v24', 'any/vm-1'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'acme', 'vm-3'), 'a file');
  writeFileSync(join(root, 'gamma'), 'a file');
  const keys = state.vms().map(({ tenant, vmId: id }) => `${tenant}/${id}`);
  expect(keys.sort()).toEqual(['acme/vm-1', 'acme/vm-2', 'beta/vm-1']);
  expect(readdirSync(join(root, '.compile-cache'))).toEqual(['v24']);
  expect(readFileSync(join(root, 'gamma'), 'utf8')).toBe('a file');
});

describe('refuses a foreign directory, and leaves it unchanged', () => {
  const OTHER = hostId('host-2');
  /** A folder as this host makes it for a VM of `owner`. */
  const makeVm = (name: string, owner = HOST): void => {
    const folder = join(root, name);
    mkdirSync(folder, { recursive: true });
    writeSnapshot(folder, { ...initialVm(REF.tenant, REF.vmId), owner });
    for (const file of [
      'launch.json',
      'e1.sock',
      'e1.sock.lock',
      'e1.events',
      'console.log',
      'hypervisor.log',
      'core.4711',
    ])
      writeFileSync(join(folder, file), '');
  };
  /** Every entry below `root`, and its mode. */
  const seen = () => [modeOf(root).toString(8), ...readdirSync(root, { recursive: true }).sort()];
  const refused = (message: string | RegExp): void => {
    chmodSync(root, 0o755);
    const before = seen();
    expect(() => new StateDirectory(root, HOST)).toThrow(ConfigError);
    expect(() => new StateDirectory(root, HOST)).toThrow(message);
    expect(seen()).toEqual(before);
  };

  it("refuses another host's, and names both", () => {
    new StateDirectory(root, OTHER);
    const before = readFileSync(join(root, 'host.json'), 'utf8');
    refused(/belongs to host host-2, and IRONLOG_HOST_ID is host-1; set IRONLOG_HOST_ID=host-2, or /);
    expect(readFileSync(join(root, 'host.json'), 'utf8')).toBe(before);
  });

  it.each([
    'thesis.txt',
    'home/docs/thesis.txt',
    'state.1.db',
    'nats/jetstream/x',
    'acme/vm-1/thesis.txt',
    'acme/vm-1',
  ])('refuses one that holds %s and no host.json', (name) => {
    if (name.endsWith('.txt')) makeVm('acme/vm-2');
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (name === 'acme/vm-1') mkdirSync(path);
    else writeFileSync(path, 'of great value');
    refused(`IRONLOG_STATE_DIR ${root} holds ${name.split('/')[0]} and no host.json`);
  });

  it('accepts one left by an interrupted first start of its own, before host.json was written', () => {
    for (const file of [
      `executor-1-2-${randomUUID()}.lock`,
      'accelerator.json',
      'accelerator.json.new',
      'host.json.new',
    ])
      writeFileSync(join(root, file), '');
    for (const folder of ['.compile-cache/v24', 'accelerator.json.probe-aBc123', 'lost+found'])
      mkdirSync(join(root, folder), { recursive: true });
    makeVm('acme/vm-1');
    makeVm('beta/vm-2');
    expect(new StateDirectory(root, HOST).vms()).toHaveLength(2);
    expect(modeOf(root)).toBe(0o700);
  });

  it("refuses one with another host's VMs and no host.json", () => {
    makeVm('acme/vm-1');
    makeVm('acme/vm-2', OTHER);
    refused(/belongs to host host-2, and IRONLOG_HOST_ID is host-1/);
  });

  it('one from before host.json named its host belongs to the host of its VMs', () => {
    const old = JSON.stringify({ stateDirectoryId: 'one', log: null, scannedTo: 7, starts: [] });
    writeFileSync(join(root, 'host.json'), old);
    makeVm('acme/vm-1', OTHER);
    refused(/belongs to host host-2, and IRONLOG_HOST_ID is host-1/);
    rmSync(join(root, 'acme'), { recursive: true });
    expect(new StateDirectory(root, HOST).host).toMatchObject({ stateDirectoryId: 'one', scannedTo: 7 });
    expect(JSON.parse(readFileSync(join(root, 'host.json'), 'utf8'))).toMatchObject({ host: HOST });
  });
});

describe('its record', () => {
  it('is kept after a restart, under the same id', () => {
    const first = new StateDirectory(root, HOST);
    expect(first.host).toMatchObject({ log: null, scannedTo: 0 });
    const log = { createdAt: '2026-01-01T00:00:00.000Z', lastSequence: 7 };
    first.save({ log });
    first.save({ scannedTo: 5 });
    expect(new StateDirectory(root, HOST).host).toEqual({
      host: HOST,
      stateDirectoryId: first.host.stateDirectoryId,
      log,
      scannedTo: 5,
      starts: [],
    });
    expect(readdirSync(root)).toEqual(['host.json']);
  });

  it('has another id in another directory', () => {
    const [one, two] = [new StateDirectory(join(root, 'one'), HOST), new StateDirectory(join(root, 'two'), HOST)];
    expect(one.host.stateDirectoryId).not.toBe(two.host.stateDirectoryId);
  });

  it.each(['', '{"stateDirectoryId":', '{"stateDirectoryId":"one"}'])(
    'is not guessed when the file is damaged (%j): without it nothing may be reaped',
    (text) => {
      writeFileSync(join(root, 'host.json'), text);
      expect(() => new StateDirectory(root, HOST)).toThrow(ConfigError);
      expect(() => new StateDirectory(root, HOST)).toThrow('host.json cannot be read');
      expect(readFileSync(join(root, 'host.json'), 'utf8')).toBe(text);
    },
  );
});
