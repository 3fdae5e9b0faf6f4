import { expect, it } from 'vitest';
import { DEV_FILE } from './paths.ts';
import { readPublishOptions } from './publish-options.ts';

it('goes to the named plane, or to the one of .ironlog', () => {
  expect(readPublishOptions(['vm-1', 'boot'])).toEqual({ devFile: DEV_FILE, vm: 'vm-1', verb: 'boot', body: '' });
  expect(readPublishOptions(['--state-dir', '/s', 'vm-1', 'create', '{}'])).toMatchObject({
    devFile: '/s/dev.json',
    body: '{}',
  });
  expect(readPublishOptions(['vm-1', 'boot', '--dev-file', '/s/my.json'])).toMatchObject({ devFile: '/s/my.json' });
});

it('prints help on request', () => {
  expect(readPublishOptions(['--help'])).toBeUndefined();
});

it.each([
  [[], 'npm run --silent publish-command -- '],
  [['vm-1'], 'npm run --silent publish-command -- '],
  [['VM', 'boot'], 'VM id "VM" must be'],
  [['vm-1', 'explode'], 'there is no verb "explode", but create, boot,'],
  [['vm-1', 'boot', '{}', 'more'], '"more" is one argument too many'],
  [['--state', '/s', 'vm-1', 'boot'], "Unknown option '--state'"],
  [['--state-dir', '/s', '--dev-file', '/f', 'vm-1', 'boot'], 'exclude each other'],
])('refuses %j with a message and the usage', (args, sentence) => {
  expect(() => readPublishOptions(args)).toThrow(sentence);
  expect(() => readPublishOptions(args)).toThrow('publish-command -- [--state-dir DIR');
});
