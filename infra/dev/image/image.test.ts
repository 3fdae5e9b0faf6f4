// `npm run image`: its options, the kernel unpacked from a bzImage, and a reproducible tar.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { readImageOptions } from './options.ts';
import { packImage } from './pack-image.ts';
import { unpackVmlinux } from './vmlinux.ts';

const directory = mkdtempSync(join(tmpdir(), 'il-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('options', () => {
  it('are an id, a file, and whether the kernel stays packed', () => {
    expect(readImageOptions([])).toMatchObject({ id: 'debian-1', isPacked: false });
    expect(readImageOptions(['--id', 'a', '--out', resolve('/b.tar'), '--bzimage'])).toEqual({
      id: 'a',
      out: '/b.tar',
      isPacked: true,
    });
    expect(readImageOptions(['--help'])).toBeUndefined();
  });
  it.each([[['--id', 'No']], [['--nonsense']], [['debian']]])('%j is refused with what there is', (args) => {
    expect(() => readImageOptions(args)).toThrow('--bzimage');
  });
});

/** A bzImage with a setup header; its payload lies where a build puts it. */
const bzImage = (payload: Buffer): Buffer => {
  const kernel = Buffer.alloc(5 * 512 + 64);
  kernel.writeUInt8(4, 0x1f1);
  kernel.write('HdrS', 0x202);
  kernel.writeUInt16LE(0x020f, 0x206);
  kernel.writeUInt32LE(64, 0x248);
  kernel.writeUInt32LE(payload.length + 4, 0x24c);
  const size = Buffer.alloc(4);
  return Buffer.concat([kernel, payload, size, Buffer.from('what follows')]);
};

describe('the kernel', () => {
  const path = join(directory, 'vmlinuz');
  it('is what its bzImage holds', async () => {
    writeFileSync(path, bzImage(gzipSync('an ELF')));
    const unpacked = await unpackVmlinux(path, join(directory, 'vmlinux'));
    expect(readFileSync(unpacked, 'utf8')).toBe('an ELF');
  });
  it.each([
    ['no bzImage', Buffer.alloc(4096), 'no bzImage'],
    ['packed in an unknown way', bzImage(Buffer.from('????')), 'no tool is known'],
  ])('that is %s is refused', async (_, bytes, why) => {
    writeFileSync(path, bytes);
    await expect(unpackVmlinux(path, join(directory, 'none'))).rejects.toThrow(why);
  });
});

describe('the tar', () => {
  it('is image.json and then the files, and the same each time', async () => {
    const file = join(directory, 'large');
    writeFileSync(file, Buffer.alloc(3_000_000, 'x'));
    const made = async (): Promise<Buffer> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of packImage({ id: 'a' }, new Map([['vmlinux', file]]))) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    const tar = await made();
    expect((await made()).equals(tar)).toBe(true);
    const entries: [string, number][] = [];
    const reading = extract();
    reading.end(tar);
    for await (const entry of reading) {
      let bytes = 0;
      for await (const piece of entry as AsyncIterable<Uint8Array>) bytes += piece.length;
      entries.push([entry.header.name, bytes]);
    }
    expect(entries).toEqual([
      ['image.json', 16],
      ['vmlinux', 3_000_000],
    ]);
  });
  it('fails where a file is not there', async () => {
    const reading = async (): Promise<void> => {
      for await (const _ of packImage({ id: 'a' }, new Map([['vmlinux', join(directory, 'absent')]])));
    };
    await expect(reading()).rejects.toThrow('ENOENT');
  });
});
