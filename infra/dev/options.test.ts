import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';
import { fromCaller } from './paths.ts';

describe('the options of npm start', () => {
  it('all have a default', () => {
    expect(readOptions([])).toMatchObject({ hypervisors: ['simulator'], hosts: 1, httpPort: 7070, keepVms: false });
  });
  it.each([
    [['--hosts', 'x'], '--hosts is "x"; it takes a whole number from 1 to 16'],
    [['--hosts', '17'], '--hosts is "17"; it takes a whole number from 1 to 16'],
    [['--http-port', '70000'], '--http-port is "70000"; it takes a whole number from 0 to 65535'],
    [
      ['--hypervisor', 'xen'],
      '--hypervisor is "xen"; it takes simulator, qemu, cloud-hypervisor, firecracker, or several',
    ],
    [['--hypervisor', 'qemu,'], '--hypervisor is "qemu,"; it takes simulator'],
    [['--state-dir', ''], '--state-dir is ""; it takes a directory'],
    [['--host', '3'], "Unknown option '--host'"],
    [['--hosts'], "'--hosts <value>' argument missing"],
    [['three'], "Unexpected argument 'three'"],
  ])('%j is refused with the accepted values and the usage', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence);
    expect(() => readOptions(args)).toThrow('npm start -- [options]');
  });
  it('several hypervisors are taken in their order, each once', () => {
    expect(readOptions(['--hypervisor', 'firecracker,qemu,firecracker']).hypervisors).toEqual(['firecracker', 'qemu']);
  });
  it("a path is relative to the caller's directory", () => {
    expect(fromCaller('state', { INIT_CWD: '/home/ada' })).toBe('/home/ada/state');
    expect(fromCaller('/srv/state', { INIT_CWD: '/home/ada' })).toBe('/srv/state');
    expect(fromCaller('state', {})).toBe(`${process.cwd()}/state`);
  });
});
