import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { callApi } from '../cloud-hypervisor/client.ts';
import { readVmInfo } from '../cloud-hypervisor/vm-info.ts';
import { untraced } from '../trace-call.ts';
import { UnixServer } from '../unix-server.fixture.ts';
import { MAX_ANSWER_BYTES } from './client.ts';

describe('a REST answer that is none ends as a value', () => {
  let server: UnixServer | undefined;
  afterEach(() => server?.close());

  const ask = async (serve: (socket: Socket) => void, milliseconds = 5000) => {
    server = await UnixServer.listen((socket) => socket.once('data', () => serve(socket)));
    return callApi({
      trace: untraced,
      socketPath: server.path,
      method: 'GET',
      name: 'vm.info',
      deadline: AbortSignal.timeout(milliseconds),
    });
  };

  it('a 500 is an answer', async () => {
    const answer = await ask((socket) => socket.end('HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\nboom'));
    expect(answer).toEqual({ ok: true, status: 500, text: 'boom' });
    expect(answer.ok && readVmInfo(answer)).toMatchObject({ ok: false, code: 'failed', stage: 'vm.info' });
  });

  it('garbage', async () => {
    expect(await ask((socket) => socket.end('\u0000\u0001 no HTTP\n\n'))).toMatchObject({
      ok: false,
      code: 'bad-answer',
    });
  });

  it('half a body', async () => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"state":';
    expect(await ask((socket) => socket.end(half))).toMatchObject({ ok: false, code: 'bad-answer' });
  });

  it('a body without end is read to its limit only', async () => {
    let sent = 0;
    const answer = await ask((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', more);
      more();
    });
    expect(answer).toMatchObject({ ok: false, code: 'bad-answer' });
    expect(sent).toBeLessThan(MAX_ANSWER_BYTES * 20);
  });

  it('headers without end', async () => {
    const answer = await ask((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1024 * 1024)}`));
    expect(answer).toMatchObject({ ok: false, code: 'bad-answer' });
  });

  it('a connection that ends unanswered', async () => {
    const answer = await ask((socket) => socket.destroy());
    expect(answer).toMatchObject({
      code: 'unreachable',
      retryable: true,
      reason: 'vm.info: the hypervisor closed the connection without an answer',
      detail: expect.stringContaining(server?.path ?? ''),
    });
  });

  it('silence', async () => {
    expect(await ask(() => undefined, 100)).toMatchObject({ ok: false, code: 'timeout' });
  });

  it('one byte, then silence', async () => {
    expect(await ask((socket) => socket.write('H'), 100)).toMatchObject({ ok: false, code: 'timeout' });
  });

  it('no socket at all', async () => {
    const call = { trace: untraced, method: 'GET', name: 'vmm.ping', deadline: AbortSignal.timeout(5000) } as const;
    expect(await callApi({ ...call, socketPath: '/nonexistent/e1.sock' })).toMatchObject({
      code: 'unreachable',
      reason: 'vmm.ping: nothing answers on its socket',
    });
  });

  it.each(['not json', '[]', '{"state":"Molten"}', '{}', 'null'])('%s is no VmInfo', (text) => {
    expect(readVmInfo({ status: 200, text })).toMatchObject({ ok: false, code: 'bad-answer' });
  });
});
