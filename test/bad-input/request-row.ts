// Sends a row of the HTTP table, and checks the answer.
import { PROBLEMS, type Problem, problemSchema } from '@ironlog/schemas';
import { expect } from 'vitest';
import type { HttpRow } from './table/http-row.ts';
import { HOME, VMS } from './table/names.ts';
import type { World } from './world.ts';

const bodyOf = (body: unknown): string | Uint8Array<ArrayBuffer> => {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
};

const send = ({ test, otherTenantsToken }: World, method: string, row: HttpRow): Promise<Response> =>
  fetch(`${test.plane.http}${row.path}`, {
    method,
    headers: {
      authorization: `Bearer ${row.otherTenant ? otherTenantsToken : test.plane.token}`,
      ...(row.body !== undefined && { 'content-type': 'application/json' }),
      ...(row.waits && { prefer: 'wait=30' }),
      ...row.headers,
    },
    ...(row.body !== undefined && { body: bodyOf(row.body) }),
    signal: AbortSignal.timeout(30_000),
  });

/** The problem, when the row expects one. */
export const requestRow = async (world: World, method: string, row: HttpRow): Promise<Problem | undefined> => {
  const response = await send(world, method, row);
  const text = await response.text();
  if (row.answer === 'nothing') {
    expect([response.status, text]).toEqual([200, expect.any(String)]);
    for (const secret of [...Object.values(VMS), `"${HOME}"`]) expect(text).not.toContain(secret);
    return undefined;
  }
  const [status, code] = row.answer;
  expect(response.headers.get('content-type'), text).toMatch(/^application\/problem\+json(;|$)/);
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem).toMatchObject({ status, code, title: PROBLEMS[code].title });
  expect(response.status).toBe(status);
  expect(text, 'a stack trace').not.toMatch(/\bat .*\.(ts|js):\d+/);
  return problem;
};
