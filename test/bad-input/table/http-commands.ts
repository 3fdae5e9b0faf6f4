// Bad requests to the command routes: create, delete, and `POST /v1/vms/{id}/<verb>` for each verb.
import { HTTP_VERBS, type HttpVerb } from '@ironlog/schemas';
import {
  type HttpRow,
  type HttpRows,
  ILLEGAL,
  INVALID,
  longUrl,
  NO_JSON,
  ofVm,
  type Problem,
  row,
} from './http-row.ts';
import { none } from './kinds.ts';
import { FAR_AHEAD, LONG_PAST, PATH_TEXT, SQL_TEXT, VMS } from './names.ts';

const TEXT = { headers: { 'content-type': 'text/plain' } } as const;
const TOO_LARGE: Problem = [413, 'payload-too-large'];
const EXPIRED: Problem = [504, 'expired'];

const create = (body: unknown, answer: HttpRow['answer'] = INVALID, more: Partial<HttpRow> = {}): HttpRow =>
  row('/v1/vms', answer, { body, ...more });
const spec = (fields: object, answer?: Problem): HttpRow => create({ spec: fields }, answer);

const creating: HttpRows = {
  'unknown field': [
    create({ nonsense: 1 }),
    spec({ nonsense: 1 }),
    spec({ restart: { nonsense: 1 } }),
    row('/v1/vms?nonsense=1', INVALID, { body: {} }),
    create('{"__proto__":{"start":true}}'),
    create('{"spec":{"labels":{"__proto__":"x"}}}'),
  ],
  'wrong type': [
    create([]),
    create('null'),
    create('"create"'),
    create({ id: 7 }),
    create({ start: 'yes' }),
    spec({ cpus: 'two' }),
    spec({ cpus: 1.5 }),
    spec({ labels: ['a'] }),
    spec({ ready: 'up' }),
    spec({ ready: { timeoutSeconds: 5 } }),
    create({ until: 'booted', start: true }),
  ],
  'out of range': [
    spec({ cpus: 0 }),
    spec({ cpus: 257 }),
    spec({ memoryMiB: 31 }),
    spec({ memoryMiB: 1_048_577 }),
    spec({ name: '' }),
    spec({ restart: { maxAttempts: 101 } }),
    spec({ expiresAfterSeconds: 0 }),
    spec({ ready: { console: '' } }),
    spec({ ready: { console: 'x'.repeat(201) } }),
    spec({ ready: { console: 'up', timeoutSeconds: 0 } }),
    spec({ ready: { console: 'up', timeoutSeconds: 86_401 } }),
    create({ until: 'ready', start: true }),
    spec({ labels: { 'two words': 'x' } }),
    spec({ labels: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, ''])) }),
    create({ startBy: FAR_AHEAD }),
  ],
  'too large': [
    create({ spec: { name: 'x'.repeat(2 * 1024 * 1024) } }, TOO_LARGE),
    spec({ kernelArgs: 'x'.repeat(1025) }),
    create(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
    longUrl('/v1/vms'),
  ],
  'not JSON': [create('{"id":', NO_JSON), create('id=1', NO_JSON), create('{}', [415, 'unsupported-media-type'], TEXT)],
  'foreign tenant': [create({ tenant: 'dev' }, INVALID, { otherTenant: true })],
  'illegal state': [
    create({ id: VMS.running }, [409, 'vm-exists'], { waits: true }),
    create({ id: VMS.deleted }, [409, 'vm-exists'], { waits: true }),
  ],
  'unknown VM': none('it makes the VM that it names'),
  'unknown image': [spec({ image: 'no-such-image' }, [409, 'image-not-found'])],
  'path characters': [
    create({ id: PATH_TEXT }),
    create({ id: 'a\u0000b' }),
    spec({ image: PATH_TEXT }),
    spec({ image: '/etc/passwd' }),
    spec({ kernelArgs: 'console=ttyS0\u0000' }),
    spec({ ready: { console: 'two\nlines' } }),
  ],
  'SQL characters': [create({ id: SQL_TEXT }), spec({ image: SQL_TEXT }), spec({ labels: { [SQL_TEXT]: 'x' } })],
  'past startBy': [create({ startBy: LONG_PAST }, EXPIRED)],
};

const deleting: HttpRows = {
  ...ofVm(''),
  'unknown field': [
    row(`/v1/vms/${VMS.created}?nonsense=1`, INVALID),
    row(`/v1/vms/${VMS.created}`, INVALID, { body: { force: true } }),
    row(`/v1/vms/${VMS.created}`, INVALID, { body: {} }),
    row(`/v1/vms/${VMS.created}`, INVALID, { body: 'null' }),
  ],
  'wrong type': [
    row(`/v1/vms/${VMS.created}?force=yes`, INVALID),
    row(`/v1/vms/${VMS.created}?force=true&force=false`, INVALID),
  ],
  'out of range': [row(`/v1/vms/${VMS.created}?force=2`, INVALID)],
  'too large': [
    row(`/v1/vms/${VMS.created}`, TOO_LARGE, { body: 'x'.repeat(100_000) }),
    longUrl(`/v1/vms/${VMS.created}`),
  ],
  'not JSON': [row(`/v1/vms/${VMS.created}`, NO_JSON, { body: '{"force":' })],
  'illegal state': [
    row(`/v1/vms/${VMS.running}`, ILLEGAL, { waits: true }),
    row(`/v1/vms/${VMS.deleted}`, [409, 'vm-deleted'], { waits: true }),
  ],
  'unknown image': none('it takes no image'),
  'past startBy': [row(`/v1/vms/${VMS.created}?startBy=${LONG_PAST}`, INVALID)],
};

/** A VM of HOME whose state does not allow the verb. */
const NOT_ALLOWED_IN: Readonly<Record<HttpVerb, string>> = {
  boot: VMS.running,
  shutdown: VMS.created,
  pause: VMS.created,
  resume: VMS.running,
  reboot: VMS.created,
  cleanup: VMS.running,
  snapshot: VMS.running,
  restore: VMS.running,
};

const fieldsOf: Readonly<Record<HttpVerb, { readonly wrong: readonly object[]; readonly beyond: readonly object[] }>> =
  {
    boot: { wrong: [], beyond: [] },
    shutdown: {
      wrong: [{ mode: true }, { timeoutSeconds: '30' }],
      beyond: [{ mode: 'gently' }, { timeoutSeconds: 0 }, { timeoutSeconds: 3601 }],
    },
    pause: { wrong: [], beyond: [] },
    resume: { wrong: [], beyond: [] },
    reboot: {
      wrong: [{ force: 'true' }, { timeoutSeconds: 1.5 }],
      beyond: [{ timeoutSeconds: 0 }, { timeoutSeconds: 3601 }],
    },
    cleanup: { wrong: [], beyond: [] },
    snapshot: { wrong: [], beyond: [] },
    restore: { wrong: [], beyond: [] },
  };

const commanding = (verb: HttpVerb): HttpRows => {
  const path = `/v1/vms/${NOT_ALLOWED_IN[verb]}/${verb}`;
  const withBodyOf = (body: unknown, answer: Problem = INVALID): HttpRow => row(path, answer, { body });
  return {
    ...ofVm(`/${verb}`, { body: {} }),
    'unknown field': [
      withBodyOf({ nonsense: 1 }),
      withBodyOf({ tenant: 'dev' }),
      row(`${path}?nonsense=1`, INVALID, { body: {} }),
    ],
    'wrong type': [
      withBodyOf([]),
      withBodyOf('null'),
      withBodyOf(7),
      withBodyOf({ startBy: 7 }),
      ...fieldsOf[verb].wrong.map((body) => withBodyOf(body)),
    ],
    'out of range': [withBodyOf({ startBy: FAR_AHEAD }), ...fieldsOf[verb].beyond.map((body) => withBodyOf(body))],
    'too large': [withBodyOf({ nonsense: 'x'.repeat(100_000) }, TOO_LARGE), longUrl(path)],
    'not JSON': [
      withBodyOf('{"startBy":', NO_JSON),
      row(path, [415, 'unsupported-media-type'], { body: '{}', ...TEXT }),
    ],
    'illegal state': [
      row(path, ILLEGAL, { body: {}, waits: true }),
      row(`/v1/vms/${VMS.deleted}/${verb}`, [409, 'vm-deleted'], { body: {}, waits: true }),
    ],
    'unknown image': none('a VM keeps the image of its create'),
    'past startBy': [withBodyOf({ startBy: LONG_PAST }, EXPIRED)],
  };
};

export const COMMAND_ROUTES: Readonly<Record<string, HttpRows>> = {
  'POST /v1/vms': creating,
  'DELETE /v1/vms/{id}': deleting,
  ...Object.fromEntries(HTTP_VERBS.map((verb) => [`POST /v1/vms/{id}/${verb}`, commanding(verb)] as const)),
};
