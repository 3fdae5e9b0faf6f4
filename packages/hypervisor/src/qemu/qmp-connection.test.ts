import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../conformance/vm.fixture.ts';
import { UnixServer } from '../unix-server.fixture.ts';
import { QmpConnection, type QmpEvent } from './qmp-connection.ts';
import { MAX_LINE_BYTES } from './qmp-lines.ts';

const GREETING = '{"QMP":{"version":{"qemu":{"major":10}},"capabilities":[]}}\r\n';

describe('a QMP connection', () => {
  let server: UnixServer | undefined;
  let connection: QmpConnection | undefined;
  const events: QmpEvent[] = [];
  let ended = 0;
  afterEach(async () => {
    connection?.close();
    await server?.close();
    events.length = 0;
    ended = 0;
  });

  const open = async (serve: (socket: Socket) => void, milliseconds = 5000) => {
    server = await UnixServer.listen(serve);
    const listener = { event: (event: QmpEvent) => void events.push(event), end: () => void ended++ };
    const opened = await QmpConnection.open(server.path, listener, AbortSignal.timeout(milliseconds));
    if (opened.ok) connection = opened.connection;
    return opened;
  };
  /** Greets, negotiates, then answers each command by `answer`. */
  const qemu =
    (answer: (id: number, socket: Socket) => void) =>
    (socket: Socket): void => {
      socket.write(GREETING);
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trim().split('\n')) {
          const { id, execute } = JSON.parse(line) as { id: number; execute: string };
          if (execute === 'qmp_capabilities') socket.write(`{"return":{},"id":${id}}\r\n`);
          else answer(id, socket);
        }
      });
    };
  const ask = (milliseconds = 5000) => {
    if (!connection) throw new Error('not connected');
    return connection.execute({ execute: 'query-status' }, AbortSignal.timeout(milliseconds));
  };

  it('matches answers to commands by id, in whatever order they come', async () => {
    const ids: number[] = [];
    await open(
      qemu((id, socket) => {
        ids.push(id);
        if (ids.length === 2) for (const each of ids.reverse()) socket.write(`{"return":${each},"id":${each}}\n`);
      }),
    );
    const answers = await Promise.all([ask(), ask()]);
    expect(answers).toEqual([
      { ok: true, value: 2 },
      { ok: true, value: 3 },
    ]);
  });

  it('hears events between answers, and takes a line in pieces', async () => {
    await open(
      qemu((id, socket) => {
        socket.write('{"event":"STOP","timestamp":{}}\n{"ret');
        setImmediate(() => socket.write(`urn":{},"id":${id}}\n`));
      }),
    );
    expect(await ask()).toEqual({ ok: true, value: {} });
    expect(events).toMatchObject([{ name: 'STOP' }]);
  });

  it("makes QEMU's error a refusal", async () => {
    await open(qemu((id, socket) => socket.write(`{"error":{"class":"GenericError","desc":"no"},"id":${id}}\n`)));
    expect(await ask()).toMatchObject({
      ok: false,
      code: 'refused',
      stage: 'qmp.query-status',
      reason: 'qmp.query-status: QEMU refused it',
      detail: 'GenericError: no',
    });
  });

  it('drops an answer that comes after its deadline, and goes on', async () => {
    const late: number[] = [];
    await open(
      qemu((id, socket) => {
        if (late.push(id) === 1) return;
        for (const each of late) socket.write(`{"return":${each},"id":${each}}\n`);
      }),
    );
    expect(await ask(100)).toMatchObject({ ok: false, code: 'timeout' });
    expect(await ask()).toEqual({ ok: true, value: 3 });
  });

  it.each([
    ['garbage', 'nonsense\n'],
    ['no message', '{"hello":1}\n'],
    ['an error that names no command', '{"error":{"class":"GenericError","desc":"JSON parse error"}}\n'],
    ['a line without end', 'x'.repeat(MAX_LINE_BYTES + 1)],
  ])('ends at %s', async (_, text) => {
    await open(qemu((_id, socket) => socket.write(text)));
    expect(await ask()).toMatchObject({ ok: false, code: 'bad-answer', stage: 'qmp.query-status' });
    await until('the end is told', () => ended === 1);
    expect(await ask()).toMatchObject({ ok: false, code: 'bad-answer' });
  });

  it('ends what waits when QEMU hangs up', async () => {
    await open(qemu((_id, socket) => socket.end('{"return":')));
    expect(await ask()).toMatchObject({ ok: false, code: 'unreachable' });
    expect(connection?.usable).toBe(false);
  });

  it('gives up on a silent socket, as QEMU is to its second client', async () => {
    expect(await open(() => undefined, 100)).toMatchObject({ ok: false, code: 'timeout', stage: 'qmp.greeting' });
  });

  it('refuses a stranger’s greeting', async () => {
    expect(await open((socket) => socket.write('SSH-2.0-OpenSSH\r\n'))).toMatchObject({
      ok: false,
      code: 'bad-answer',
    });
  });
});
