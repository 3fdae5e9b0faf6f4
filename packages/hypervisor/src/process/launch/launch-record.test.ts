import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLaunchRecord, removeLaunchRecord, writeLaunchRecord } from './launch-record.ts';

describe('the launch record', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ironlog-record-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const record = { pid: 42, startTime: '123456', bootId: 'boot', epoch: 3, socketPath: '/s/a/vm/e3.sock' };

  it('is read as it was written, is private, and leaves nothing beside it', async () => {
    await writeLaunchRecord(directory, { ...record, epoch: 2 });
    await writeLaunchRecord(directory, record);
    expect(await readLaunchRecord(directory)).toEqual({ kind: 'record', record });
    expect(await readdir(directory)).toEqual(['launch.json']);
    expect((await stat(join(directory, 'launch.json'))).mode & 0o777).toBe(0o600);
  });

  it('is none before it is written and after it is removed, twice', async () => {
    expect(await readLaunchRecord(directory)).toEqual({ kind: 'none' });
    await writeLaunchRecord(directory, record);
    await removeLaunchRecord(directory);
    await removeLaunchRecord(directory);
    expect(await readLaunchRecord(directory)).toEqual({ kind: 'none' });
  });

  it.each(['', '{"pid":4', '{"pid":"42"}', 'null'])('is broken, not none, when it holds %j', async (text) => {
    await writeFile(join(directory, 'launch.json'), text);
    expect(await readLaunchRecord(directory)).toMatchObject({
      kind: 'broken',
      reason: expect.stringContaining('launch.json'),
    });
  });
});
