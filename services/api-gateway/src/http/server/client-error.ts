// Requests that Node refuses before Fastify sees them: answered as problems on the bare socket, and the socket closed.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE, ProblemError, problemBody } from '../problem.ts';

const problemOf = (code: string | undefined): ProblemError => {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError('request-timeout', 'the request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError('headers-too-large', 'the headers are larger than this API takes');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ProblemError('payload-too-large', 'the chunk extensions are larger than this API takes');
    default:
      return new ProblemError('invalid-request', 'this is not an HTTP request');
  }
};

/** Fastify's `clientErrorHandler`. */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error.code);
  const body = JSON.stringify(problemBody(problem, '/'));
  const status = `${problem.statusCode} ${STATUS_CODES[problem.statusCode] ?? 'Error'}`;
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
