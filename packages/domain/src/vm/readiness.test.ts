// A guest that says when it is ready: once in each epoch, late or in time, and the command that waits for it has one outcome.
import { VERBS, type VmEventName, vmSpecSchema } from '@ironlog/schemas';
import { describe, expect, test } from 'vitest';
import { allowedVerbs } from './allowed.ts';
import { continuation, decide } from './decide.ts';
import { readyDueAt } from './readiness.ts';
import { apply, at, command, type EventOptions, event, given, HOST, LATER, NOW, request } from './story.fixture.ts';
import type { Vm } from './vm.ts';

type Entry = VmEventName | [VmEventName, EventOptions];
const spec = vmSpecSchema.parse({ ready: { console: 'up', timeoutSeconds: 30 } });
const CLAIMED: Entry = ['claimed', { data: { spec } }];
const BOOTED: Entry[] = [CLAIMED, 'created', 'boot-started', ['booted', { seconds: 10 }]];
const UNTIL_READY: Entry[] = [
  CLAIMED,
  'created',
  ['boot-started', { data: { until: 'ready' } }],
  ['booted', { seconds: 10 }],
];
const late: Entry = ['not-ready', { seconds: 40, data: { afterMs: 30_000 } }];
const outcomeOf = (vm: Vm, id: string) => vm.commands.find((record) => record.id === id)?.outcome;
const context = {
  now: NOW,
  host: HOST,
  admission: { ok: true, hypervisor: 'simulator', capabilities: VERBS },
} as const;

describe('a VM whose guest says when it is ready', () => {
  test('is awaited from its boot, and ready when it has said so', () => {
    const vm = given(...BOOTED);
    expect([vm.state, vm.readyAt, readyDueAt(vm)]).toEqual(['running', null, at(40)]);
    const ready = given(...BOOTED, ['ready', { seconds: 12 }]);
    expect([ready.state, ready.readyAt, readyDueAt(ready), ready.awaited]).toEqual([
      'running',
      at(12),
      undefined,
      null,
    ]);
  });
  test('is not awaited where its spec does not say how it tells', () => {
    const vm = given('claimed', 'created', 'boot-started', 'booted');
    expect(vm.awaited).toBeNull();
    expect(apply(vm, event(vm, 'ready'))).toMatchObject({ kind: 'ignored' });
  });
  test('is so once in its epoch, and late once', () => {
    for (const twice of [
      ['ready', 'ready'],
      [late, late],
    ] as Entry[][]) {
      const [first = late, second = late] = twice;
      const vm = given(...BOOTED, first);
      const [name, options] = typeof second === 'string' ? [second, {}] : second;
      expect(apply(vm, event(vm, name, options)).kind).toBe('ignored');
    }
  });
  test.each<[string, Entry[], string | null]>([
    ['paused and resumed, as long as it runs', ['pause-started', 'paused', 'resume-started', 'resumed'], at(12)],
    ['restarting itself', [['rebooted', { data: { cause: 'guest' } }]], at(12)],
    ['lost and found', ['lost', 'found'], at(12)],
    ['rebooted, not until it says so again', ['reboot-started', 'rebooted'], null],
    ['crashed, not any more', ['crashed'], null],
    ['stopped, not any more', ['shutdown-started', 'stopped'], null],
  ])('is ready when %s', (_, more, readyAt) => {
    expect(given(...BOOTED, ['ready', { seconds: 12 }], ...more).readyAt).toBe(readyAt);
  });
  test('is awaited again in the next epoch', () => {
    const vm = given(...BOOTED, 'ready', 'reboot-started', ['rebooted', { seconds: 100 }]);
    expect(readyDueAt(vm)).toBe(at(130));
  });
  test('is not late while it is paused', () => {
    expect(readyDueAt(given(...BOOTED, 'pause-started', 'paused'))).toBeUndefined();
    expect(readyDueAt(given(...BOOTED, 'pause-started', 'paused', 'resume-started', 'resumed'))).toBe(at(40));
  });
  test('may be found ready when it is paused already', () => {
    expect(given(...BOOTED, 'pause-started', 'paused', ['ready', { seconds: 9 }]).readyAt).toBe(at(9));
  });
});

describe('one that is late', () => {
  test('runs, needs a human, and has failed to its policy', () => {
    const vm = given(...BOOTED, late);
    expect(vm).toMatchObject({
      state: 'running',
      attention: { kind: 'not-ready', since: at(40), reason: expect.stringContaining('for 30 s') },
      failure: { event: 'not-ready', stage: 'ready', from: 'running', attempts: 0 },
    });
    expect(vm.attention?.actionRequired).toContain('"up"');
    expect(readyDueAt(vm)).toBeUndefined();
  });
  test.each<[string, Entry[]]>([
    ['it is ready after all', ['ready']],
    ['it stops', ['stopped']],
    ['it is rebooted', ['reboot-started']],
    ['it is deleted', [['delete-started', { data: { force: true } }], 'deleted']],
  ])('needs none once %s', (_, more) => {
    const vm = given(...BOOTED, late, ...more);
    expect([vm.attention, vm.failure]).toEqual([null, null]);
  });
  test('needs one all the same when it was paused, or has restarted itself', () => {
    for (const more of [['pause-started', 'paused'], [['rebooted', { data: { cause: 'guest' } }]]] as Entry[][])
      expect(given(...BOOTED, late, ...more)).toMatchObject({
        attention: { kind: 'not-ready' },
        failure: { event: 'not-ready' },
      });
  });
  test('has its crash as its failure when it crashes', () => {
    expect(given(...BOOTED, late, 'crashed')).toMatchObject({ attention: null, failure: { event: 'crashed' } });
  });
  test('does not hide what else needs a human', () => {
    const loop: Entry[] = [['rebooted', { seconds: 11, data: { cause: 'guest', times: 5 } }]];
    expect(given(...BOOTED, ...loop, late).attention?.kind).toBe('reboot-loop');
  });
});

describe('a command until ready', () => {
  test('is open when the guest runs, and ends when it is ready', () => {
    const vm = given(...UNTIL_READY);
    expect([vm.state, vm.task, outcomeOf(vm, 'cmd-boot')]).toEqual(['running', null, 'open']);
    const ready = given(...UNTIL_READY, 'ready');
    expect([ready.commands.length, outcomeOf(ready, 'cmd-boot')]).toEqual([2, 'succeeded']);
    expect(event(vm, 'ready').causationid).toBe('cmd-boot');
  });
  test.each<[string, Entry[]]>([
    ['late', [late]],
    ['crashed', ['crashed']],
    ['off', [['stopped', { data: { cause: 'guest' } }]]],
    ['lost', ['lost']],
    ['being deleted', [['delete-started', { data: { force: true } }]]],
    ['being shut down', ['shutdown-started']],
    ['being rebooted', ['reboot-started']],
  ])('has failed when the guest is %s, and is not ended again', (_, more) => {
    const vm = given(...UNTIL_READY, ...more);
    expect(outcomeOf(vm, 'cmd-boot')).toBe('failed');
    if (vm.state === 'running' && vm.awaited)
      expect(outcomeOf(given(...UNTIL_READY, ...more, 'ready'), 'cmd-boot')).toBe('failed');
  });
  test('ended by anything, names its command as the cause', () => {
    const vm = given(...UNTIL_READY);
    for (const name of ['not-ready', 'crashed', 'stopped', 'lost'] as const)
      expect(event(vm, name).causationid).toBe('cmd-boot');
    expect(event(vm, 'unresponsive').causationid).toBeUndefined();
  });
  test('keeps other commands waiting, but for those that end its guest, which name it', () => {
    const vm = given(...UNTIL_READY);
    expect(decide(vm, command('pause'), context)).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'illegal-state', reason: expect.stringContaining('until the guest is ready') },
    });
    expect(decide(vm, command('delete'), context)).toMatchObject({ kind: 'rejected' });
    for (const ending of [command('delete', { params: { force: true } }), command('shutdown'), command('reboot')])
      expect(decide(vm, ending, context)).toMatchObject({ kind: 'intent', fact: { data: { preempts: 'cmd-boot' } } });
    expect(decide(given(...UNTIL_READY, 'ready'), command('shutdown'), context)).not.toHaveProperty(
      'fact.data.preempts',
    );
    expect(allowedVerbs(vm)).toEqual(['shutdown', 'reboot', 'delete']);
    expect(allowedVerbs(given(...UNTIL_READY, 'ready'))).toContain('pause');
  });
  test('of a create goes on through its boot', () => {
    const claimed: Entry = ['claimed', { data: { spec, start: true, until: 'ready' } }];
    const created = given(claimed, 'created');
    const boot = continuation(created, NOW);
    expect(boot).toMatchObject({ name: 'boot-started', data: { until: 'ready', deadline: expect.any(String) } });
    const data = { ...boot?.data, deadline: LATER };
    const running = given(claimed, 'created', ['boot-started', { data, causationid: 'cmd-create' }], 'booted');
    expect([running.state, running.task, outcomeOf(running, 'cmd-create')]).toEqual(['running', null, 'open']);
    expect(running.awaited?.command).toMatchObject({ id: 'cmd-create', verb: 'create' });
  });
  test('is refused where nobody knows how the guest tells', () => {
    const until = { params: { until: 'ready' } };
    const without = given('claimed', 'created');
    const invalid = { kind: 'rejected', rejection: { code: 'invalid-command' } };
    expect(decide(without, command('boot', until), context)).toMatchObject(invalid);
    expect(decide(given(CLAIMED, 'created'), command('boot', until), context)).toMatchObject({
      kind: 'intent',
      fact: { data: { until: 'ready' } },
    });
    const { state, ...absent } = given(CLAIMED);
    expect(state).toBe('pending');
    const fresh = { ...absent, state: 'absent', owner: null, commands: [] } as Vm;
    for (const params of [{ until: 'ready' }, { until: 'ready', spec }, { until: 'ready', start: true }])
      expect(decide(fresh, command('create', { params }), context)).toMatchObject(invalid);
    expect(decide(fresh, command('create', { params: { until: 'ready', start: true, spec } }), context)).toMatchObject({
      kind: 'intent',
      fact: { data: { until: 'ready' } },
    });
  });
});

describe('a guest whose kernel has panicked', () => {
  const RUNNING: Entry[] = ['claimed', 'created', 'boot-started', 'booted'];
  const panic: Entry = ['guest-panicked', { seconds: 20 }];
  test('needs a human, and has failed to its policy, while its process is well', () => {
    expect(given(...RUNNING, panic)).toMatchObject({
      state: 'running',
      health: 'responsive',
      attention: { kind: 'guest-panicked', since: at(20), actionRequired: expect.stringContaining('console') },
      failure: { event: 'guest-panicked', from: 'running' },
    });
  });
  test.each<[string, Entry[]]>([
    ['restarts itself', [['rebooted', { data: { cause: 'guest' } }]]],
    ['stops', ['stopped']],
    ['is rebooted', ['reboot-started', 'rebooted']],
    ['is deleted', [['delete-started', { data: { force: true } }], 'deleted']],
  ])('needs none once it %s', (_, more) => {
    const vm = given(...RUNNING, panic, ...more);
    expect([vm.attention, vm.failure]).toEqual([null, null]);
  });
  test('needs one all the same when it was paused', () => {
    for (const more of [
      ['pause-started', 'paused'],
      ['pause-started', 'paused', 'resume-started', 'resumed'],
    ] as const)
      expect(given(...RUNNING, panic, ...more)).toMatchObject({ attention: { kind: 'guest-panicked' } });
    expect(given(...RUNNING, 'pause-started', 'paused', panic).attention?.kind).toBe('guest-panicked');
  });
  test('tells why it is late, or does not answer; a human who has it already keeps it', () => {
    for (const before of [late, 'unresponsive'] as Entry[])
      expect(given(...BOOTED, before, panic).attention?.kind).toBe('guest-panicked');
    expect(given(...BOOTED, panic, late).attention?.kind).toBe('guest-panicked');
    expect(given(...BOOTED, late, panic, ['rebooted', { data: { cause: 'guest' } }]).attention).toBeNull();
    expect(given(...BOOTED, panic, late, ['rebooted', { data: { cause: 'guest' } }]).attention?.kind).toBe('not-ready');
    expect(given(...RUNNING, 'shutdown-started', 'stuck', panic).attention?.kind).toBe('stuck');
  });
  test('and restarts itself over and over is in its loop', () => {
    const loop: Entry[] = [panic, ['rebooted', { data: { cause: 'guest', times: 5 } }]];
    expect(given(...RUNNING, ...loop).attention?.kind).toBe('reboot-loop');
  });
});

test('a boot by policy and a reboot by policy count against the same attempts', () => {
  const byPolicy = (verb: 'boot' | 'reboot'): EventOptions => ({
    data: { request: request(verb, { door: 'recovery' }) },
  });
  const vm = given(...BOOTED, late, ['reboot-started', byPolicy('reboot')], 'rebooted', 'crashed', [
    'boot-started',
    byPolicy('boot'),
  ]);
  expect(vm.restarts).toHaveLength(2);
});
