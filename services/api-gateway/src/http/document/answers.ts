// The answers of each route for its schema: its own success, and problems.
import { problemSchema } from '@ironlog/schemas';
import { z } from 'zod';
import { PROBLEM_TYPE } from '../problem.ts';

const problem = { description: 'What went wrong, with a code', content: { [PROBLEM_TYPE]: { schema: problemSchema } } };

export const ok = <Body extends z.ZodType>(body: Body) => ({ 200: body, '4xx': problem, '5xx': problem }) as const;
/** A command: accepted, or (with `Prefer: wait`) completed. */
export const accepted = <Body extends z.ZodType>(body: Body) =>
  ({ 200: body, 202: body, '4xx': problem, '5xx': problem }) as const;
const unschemed = (types: readonly string[]) =>
  Object.fromEntries(types.map((type) => [type, { schema: z.unknown() }]));
/** Made by this request, or there already and the same. */
export const created = <Body extends z.ZodType>(body: Body) =>
  ({ 200: body, 201: body, '4xx': problem, '5xx': problem }) as const;
/** Done, and there is nothing to say of it. */
export const nothing = { 204: z.null(), '4xx': problem, '5xx': problem } as const;
/** A stream: its body is events one after another, which no one schema describes. */
export const stream = (types: readonly string[]) =>
  ({
    200: {
      description: 'Events in the order of the log',
      content: unschemed(types),
    },
    '4xx': problem,
    '5xx': problem,
  }) as const;

const TEXT = { 'text/plain': { schema: z.string() } };
export const text = (description: string) =>
  ({ 200: { description, content: TEXT }, '4xx': problem, '5xx': problem }) as const;
/** JSON, or text where that is asked for by `Accept`; `streams`: of what types it may be a stream. */
export const okOrText = <Body extends z.ZodType>(body: Body, streams: readonly string[] = []) =>
  ({
    200: {
      description: 'As asked',
      content: { 'application/json': { schema: body }, ...TEXT, ...unschemed(streams) },
    },
    '4xx': problem,
    '5xx': problem,
  }) as const;
