// One bad request and its only permitted answer, and requests that many routes share.
import type { ProblemCode } from '@ironlog/schemas';
import { type ByKind, none } from './kinds.ts';
import { OPERATION, PATH_TEXT, SQL_TEXT, UNKNOWN_VM, VMS } from './names.ts';

export type Problem = readonly [status: number, code: ProblemCode];

export interface HttpRow {
  /** As sent, with escapes. */
  readonly path: string;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent with the token of another tenant. */
  readonly otherTenant?: true;
  /** Sent with `Prefer: wait`: the executor must validate it. */
  readonly waits?: true;
  /** `nothing`: a 200 without any of HOME's VMs. */
  readonly answer: Problem | 'nothing';
}
export type HttpRows = ByKind<HttpRow>;

export const INVALID: Problem = [400, 'invalid-request'];
export const NO_JSON: Problem = [400, 'invalid-json'];
export const NO_PATH: Problem = [404, 'not-found'];
export const NO_VM: Problem = [404, 'vm-not-found'];
export const NO_OPERATION: Problem = [404, 'operation-not-found'];
export const ILLEGAL: Problem = [409, 'illegal-state'];

export const row = (path: string, answer: HttpRow['answer'], more: Omit<HttpRow, 'path' | 'answer'> = {}): HttpRow => ({
  path,
  answer,
  ...more,
});

export const sql = encodeURIComponent(SQL_TEXT);
export const pathText = encodeURIComponent(PATH_TEXT);
const nul = 'a%00b';

/** Longer than the limit of a request's head, for any route. */
export const longUrl = (path: string): HttpRow => row(`${path}?x=${'x'.repeat(20_000)}`, [431, 'headers-too-large']);

/** Kinds that do not apply to a GET. */
export const READ_ONLY = {
  'not JSON': none('a GET has no body'),
  'illegal state': none('it reads what there is, whatever its state'),
  'unknown image': none('it takes no image'),
  'past startBy': none('it starts nothing'),
} as const;

/** The rows about the VM in the path, for `/v1/vms/<id><rest>`. */
export const ofVm = (rest: string, more: Pick<HttpRow, 'body'> = {}) => {
  const at = (id: string, answer: Problem, also: Partial<HttpRow> = {}): HttpRow =>
    row(`/v1/vms/${id}${rest}`, answer, { ...more, ...also });
  return {
    'foreign tenant': [at(VMS.running, NO_VM, { otherTenant: true })],
    'unknown VM': [at(UNKNOWN_VM, NO_VM)],
    'path characters': [at(pathText, INVALID), at(nul, INVALID), at('x'.repeat(200), INVALID)],
    'SQL characters': [at(sql, INVALID)],
  } as const;
};

/** The rows about the operation in the path. */
export const ofOperation = (rest: string) =>
  ({
    'foreign tenant': [row(`/v1/operations/${OPERATION}${rest}`, NO_OPERATION, { otherTenant: true })],
    'unknown VM': none('it names an operation, not a VM'),
    'path characters': [
      row(`/v1/operations/${pathText}${rest}`, INVALID),
      row(`/v1/operations/${nul}${rest}`, INVALID),
    ],
    'SQL characters': [row(`/v1/operations/${sql}${rest}`, INVALID)],
  }) as const;

/** A route without parameters: any parameter is unknown. */
export const bare = (path: string) =>
  ({
    ...READ_ONLY,
    'unknown field': [row(`${path}?nonsense=1`, INVALID), row(`${path}?tenant=dev`, INVALID)],
    'wrong type': none('it takes no parameter'),
    'out of range': none('it takes no parameter'),
    'too large': [longUrl(path)],
    'unknown VM': none('it names no VM'),
    'path characters': [row(`${path}/${pathText}`, NO_PATH)],
    'SQL characters': [row(`${path}?q=${sql}`, INVALID)],
  }) as const;
