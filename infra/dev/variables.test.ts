import { describe, expect, it } from 'vitest';
import { shareOut } from './variables.ts';

describe("the shell's variables", () => {
  it('go to the services that have them, and to no other', () => {
    const given = shareOut({
      PATH: '/bin',
      IRONLOG_LOG_LEVEL: 'debug',
      IRONLOG_HOST_LABELS: 'zone=a',
      IRONLOG_SCAN_SECONDS: '5',
      IRONLOG_NATS_SERVER: '/opt/nats-server',
      IRONLOG_QEMU: '',
    });
    expect(given).toEqual({
      'api-gateway': { IRONLOG_LOG_LEVEL: 'debug' },
      'state-projector': { IRONLOG_LOG_LEVEL: 'debug' },
      'recovery-worker': { IRONLOG_LOG_LEVEL: 'debug', IRONLOG_SCAN_SECONDS: '5' },
      'vm-executor': { IRONLOG_LOG_LEVEL: 'debug', IRONLOG_HOST_LABELS: 'zone=a' },
    });
  });
  it.each([
    [
      'IRONLOG_HOST_LABLES',
      'IRONLOG_HOST_LABLES is no variable of npm start or its services; the nearest is IRONLOG_HOST_LABELS',
    ],
    ['IRONLOG_STATE_DIR', 'IRONLOG_STATE_DIR is not passed on to the services: use --state-dir'],
    [
      'IRONLOG_NATS_PASSWORD',
      'IRONLOG_NATS_PASSWORD is not passed on to the services: npm start runs its own nats-server',
    ],
  ])('stop the start when one is misspelt or not for it: %s', (name, sentence) => {
    expect(() => shareOut({ [name]: 'canary' })).toThrow(sentence);
    expect(() => shareOut({ [name]: 'canary' })).not.toThrow('canary');
  });
});
