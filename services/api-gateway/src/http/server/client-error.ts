// Requests that Node refuses before Fastify: answered with a problem on the socket, which is then closed.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PROBLEM_TYPE, ProblemError, problemBody } from '../problem.ts';

const problemOf = (code: string | undefined): ProblemError => {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError('request-timeout', 'the request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError('headers-too-large', 'the headers are larger than this API accepts');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ProblemError('payload-too-large', 'the chunk extensions are larger than this API accepts');
    default:
      return new ProblemError('invalid-request', 'this is not an HTTP request');
  }
};

/** Writes a problem to a socket and closes it. */
export const answerOnSocket = (
  socket: Duplex | null,
  problem: ProblemError,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = JSON.stringify(problemBody(problem, '/'));
  const status = `${problem.statusCode} ${STATUS_CODES[problem.statusCode] ?? 'Error'}`;
  const lines = Object.entries({
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket?.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
};

/** Fastify's `clientErrorHandler`. */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  answerOnSocket(socket, problemOf(error.code));
};
