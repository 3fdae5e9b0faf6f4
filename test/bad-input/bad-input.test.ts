// Bad input: every row of the table gets its answer, changes nothing, and everything works afterwards.
import { join } from 'node:path';
import {
  type CommandId,
  commandId,
  type Operation,
  readStoredEvent,
  STREAMS,
  VERBS,
  workCommandSchema,
} from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { until } from '../harness/until.ts';
import { attentionOf } from './attention.ts';
import { publishMisaddressed } from './publish-misaddressed.ts';
import { publishRow } from './publish-row.ts';
import { requestRow } from './request-row.ts';
import { INGRESS } from './table/ingress-rows.ts';
import { KINDS, rowsOf } from './table/kinds.ts';
import { AT_INGRESS, command, created, PRIVILEGED } from './table/misaddressed.ts';
import { HOME, VMS } from './table/names.ts';
import { ROUTES, UNDOCUMENTED } from './table/routes.ts';
import { createWorld, pidsOf, vmsOf, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.stop());

/** Commands that were accepted before they were found to be bad: each must have one outcome (I1). */
const accepted: CommandId[] = [];
/** Invalid entries put into EVENTS on purpose. */
const planted: number[] = [];

const httpRows = Object.entries(ROUTES).flatMap(([route, kinds]) =>
  rowsOf(route, kinds).map(([name, row]) => [name, row, route.split(' ')] as const),
);

describe('the table', () => {
  it('has every route that the API serves, and no other', async () => {
    const { body } = await world.test.http<{ paths: Record<string, object> }>('GET', '/openapi.json');
    const served = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(Object.keys(ROUTES).toSorted()).toEqual([...served, ...UNDOCUMENTED].toSorted());
  });
  it('has every verb', () => {
    expect(Object.keys(INGRESS)).toEqual([...VERBS]);
  });
  it.each([...Object.entries(ROUTES), ...Object.entries(INGRESS)])('%s: every kind, or why not', (_, kinds) => {
    expect(Object.keys(kinds).toSorted()).toEqual(KINDS.toSorted());
    for (const rows of Object.values(kinds)) expect('none' in rows ? rows.none : rows).not.toHaveLength(0);
  });
  it('sends each row to its route, unless no route may exist at its path', () => {
    const astray = httpRows.filter(([, { path, answer }, [, route = '']]) => {
      const pattern = new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`);
      return answer[1] !== 'not-found' && !pattern.test(path.split('?', 1)[0] ?? '');
    });
    expect(astray.map(([name]) => name)).toEqual([]);
  });
  it('builds its misaddressed messages from a valid command and a valid event: each is refused for its single fault', () => {
    expect(workCommandSchema.safeParse(JSON.parse(command(VMS.running))).error).toBeUndefined();
    const bytes = new TextEncoder().encode(created({}));
    expect(readStoredEvent(`ironlog.evt.vm.${HOME}.${VMS.running}.host-1.fact`, bytes)).toMatchObject({ ok: true });
  });
});

describe('HTTP', () => {
  it.each(httpRows)('%s', async (_, row, [method = '']) => {
    const problem = await requestRow(world, method, row);
    if (problem?.operationId) accepted.push(commandId(problem.operationId));
  });
});

describe('the NATS ingress', () => {
  it.each(Object.entries(INGRESS).flatMap(([verb, kinds]) => rowsOf(verb, kinds)))('%s', async (_, row) => {
    const rejected = await publishRow(world, row);
    if (rejected) accepted.push(rejected);
  });
});

describe('a message that is no command or no event', () => {
  it.each(AT_INGRESS)('$what in the subject of a command is a rejection in the list of operations', async (row) => {
    const id = await publishRow(world, row);
    if (!id) throw new Error(`no rejection of ${row.subject}`);
    accepted.push(id);
    const { body } = await world.test.http<Operation>('GET', `/v1/operations/${id}`);
    expect(body).toMatchObject({
      status: 'rejected',
      error: { reason: expect.stringContaining(JSON.stringify(row.subject)) },
    });
  });
  it.each(PRIVILEGED)('$what is quarantined and counted', async (misaddressed) => {
    const { stream, seq } = await publishMisaddressed(world, misaddressed);
    if (stream === STREAMS.events) planted.push(seq);
    expect(await attentionOf(world.test)).toContainEqual(
      expect.objectContaining({
        kind: 'quarantined',
        reason: expect.stringMatching(new RegExp(`^${stream} ${seq} on `)),
      }),
    );
  });
});

describe('after all rows', () => {
  it('no VM has changed', async () => {
    // Misaddressed entries on its subjects may have changed the sequence and the time.
    const plain = ({ sequence: _, updatedAt: __, ...vm }: World['before'][number]) => vm;
    expect((await vmsOf(world.test)).map(plain)).toEqual(world.before.map(plain));
  });
  it('there are no other VMs', async () => {
    const { body } = await world.test.http<{ items: { id: string }[] }>('GET', '/v1/vms?includeDeleted=true');
    expect(body.items.map(({ id }) => id).toSorted()).toEqual(Object.values(VMS).toSorted());
  });
  it('a valid command works, by HTTP and by NATS, also on the VM with invalid entries on its subjects', async () => {
    const { test } = world;
    const made = await test.command('POST', '/v1/vms', { id: 'good-http', start: true });
    expect(made).toMatchObject({ status: 'succeeded' });
    expect(await test.command('POST', `/v1/vms/${VMS.running}/pause`)).toMatchObject({ status: 'succeeded' });
    const id = commandId('cmd-good-nats');
    const body = JSON.stringify({ id, params: { start: true } });
    await (await world.as(test.plane.natsUser)).publish(`ironlog.cmd.${HOME}.good-nats.create`, body);
    await until('good-nats runs', async () => ((await test.vm('good-nats')).state === 'running' ? true : undefined));
    accepted.push(commandId(made.id), id);
  });
  it("every consumer's work list is empty", async () => {
    const { consumers } = world.manager;
    for (const stream of Object.values(STREAMS))
      for await (const { config } of consumers.list(stream)) {
        const { durable_name: durable } = config;
        // Consumers without a name read a stream for a service, without acks.
        if (durable === undefined) continue;
        await until(`${durable} has no message unacked or pending`, async () => {
          const { num_ack_pending, num_pending } = await consumers.info(stream, durable);
          return num_ack_pending + num_pending === 0 ? true : undefined;
        });
      }
  });
  it('every service is still the same process', () => {
    expect(Object.values(world.pids)).toEqual(Array.from({ length: 4 }, () => expect.any(Number)));
    expect(pidsOf(world.test)).toEqual(world.pids);
  });
  it('the invariants hold, except for the planted entries, each of which the checker finds', async () => {
    const { plane } = world.test;
    const { problems } = await check({
      entries: await world.test.events(),
      accepted,
      hostDirectories: plane.hosts.map((host) => join(plane.stateDir, host)),
    });
    const isPlanted = (problem: string): boolean =>
      planted.some((sequence) => problem.includes(`: entry ${sequence} `));
    expect(problems.filter((problem) => !isPlanted(problem))).toEqual([]);
    expect(problems.filter(isPlanted)).toHaveLength(planted.length);
  });
});
