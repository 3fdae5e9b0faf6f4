// Bad requests to the read routes: a VM, its events and console, operations, lists, and the service's own pages.

import {
  bare,
  type HttpRow,
  type HttpRows,
  INVALID,
  longUrl,
  NO_PATH,
  ofOperation,
  ofVm,
  pathText,
  READ_ONLY,
  row,
  sql,
} from './http-row.ts';
import { none } from './kinds.ts';
import { FAR_AHEAD, LONG_PAST, UNKNOWN_VM, VMS } from './names.ts';

const all = (path: string, queries: readonly string[], answer: HttpRow['answer'] = INVALID): readonly HttpRow[] =>
  queries.map((query) => row(`${path}?${query}`, answer));

/** A cursor of a release that paged by sequence. */
const OLD_CURSOR = Buffer.from('vms:0::2').toString('base64url');

const vm = `/v1/vms/${VMS.running}`;
const LATER_THAN_ANY = 999_999_999;

const reading = (rest: string, fields: { wrong: readonly string[]; beyond: readonly string[]; with?: string }) => {
  const given = fields.with ? `${fields.with}&` : '';
  return {
    ...READ_ONLY,
    ...ofVm(`${rest}${fields.with ? `?${fields.with}` : ''}`),
    'unknown field': all(`${vm}${rest}`, [`${given}nonsense=1`, `${given}tenant=dev`]),
    'wrong type': all(
      `${vm}${rest}`,
      fields.wrong.map((query) => `${given}${query}`),
    ),
    'out of range': all(
      `${vm}${rest}`,
      fields.beyond.map((query) => `${given}${query}`),
    ),
    'too large': [longUrl(`${vm}${rest}`)],
  } as const;
};

const listing = (path: string, fields: { wrong: readonly string[]; beyond: readonly string[] }) =>
  ({
    ...READ_ONLY,
    'unknown field': all(path, ['nonsense=1', 'tenant=dev']),
    'wrong type': all(path, fields.wrong),
    'out of range': all(path, fields.beyond),
    'too large': [longUrl(path)],
    'foreign tenant': [row(path, 'nothing', { otherTenant: true })],
  }) as const;

const operation = (rest: string) => {
  const path = `/v1/operations/${UNKNOWN_VM}${rest}`;
  return {
    ...READ_ONLY,
    ...ofOperation(rest),
    'unknown field': all(path, ['nonsense=1']),
    'too large': [longUrl(path)],
  };
};

/** A document or page without tenant data: the query is ignored. */
const pageAt = (path: string, beneath: readonly HttpRow[]): HttpRows => ({
  ...bare(path),
  'unknown field': none('it is the same for every query'),
  'foreign tenant': none('it has no tenant data'),
  'path characters': beneath,
  'SQL characters': none('it is the same for every query'),
});
const probe = (path: string): HttpRows => ({
  ...bare(path),
  'foreign tenant': none('it names no tenant and needs no token'),
});

export const READ_ROUTES: Readonly<Record<string, HttpRows>> = {
  'GET /v1/vms/{id}': reading('', {
    wrong: ['sequence=one', 'at=yesterday', 'sequence=1&sequence=2'],
    beyond: ['sequence=-1', `sequence=${LATER_THAN_ANY}`, 'sequence=1&at=2026-01-01T00:00:00.000Z', `at=${FAR_AHEAD}`],
  }),
  'GET /v1/vms/{id}/events': reading('/events', {
    wrong: ['after=one', 'limit=1.5'],
    beyond: ['after=-1', 'limit=0', 'limit=501', 'after=99999999999999999'],
  }),
  'GET /v1/vms/{id}/console': {
    ...reading('/console', { wrong: ['tail=all', 'follow=1'], beyond: ['tail=0', 'tail=65537', 'tail=-1'] }),
    'illegal state': [
      row(`/v1/vms/${VMS.deleted}/console`, [404, 'console-not-available']),
      row(`/v1/vms/${VMS.deleted}/console?follow=true`, [404, 'console-not-available']),
    ],
  },
  'GET /v1/vms/{id}/wait': reading('/wait', {
    with: 'state=running',
    wrong: ['timeout=soon', 'state=paused', 'after=one', 'ready=1'],
    beyond: ['timeout=61', 'timeout=-1', 'ready=true', `after=${LATER_THAN_ANY}`],
  }),
  'GET /v1/vms': {
    ...listing('/v1/vms', {
      wrong: ['limit=ten', 'state=asleep', 'includeDeleted=1', 'limit=1&limit=2', 'labels=tier&label.tier=web'],
      beyond: ['limit=0', 'limit=501', `q=${'x'.repeat(101)}`, 'cursor=bm90aGluZw', `cursor=${OLD_CURSOR}`],
    }),
    'unknown VM': all('/v1/vms', [`q=${UNKNOWN_VM}`], 'nothing'),
    'path characters': [
      ...all('/v1/vms', [`host=${pathText}`, `cursor=${pathText}`]),
      ...all('/v1/vms', [`q=${pathText}`], 'nothing'),
    ],
    'SQL characters': [
      ...all('/v1/vms', [`state=${sql}`, `host=${sql}`, `cursor=${sql}`, `label.${sql}=x`]),
      ...all('/v1/vms', [`q=${sql}`, 'q=%25', 'q=_', `label.tier=${sql}`], 'nothing'),
    ],
  },
  'GET /v1/operations': {
    ...listing('/v1/operations', {
      wrong: ['limit=ten', 'status=done', 'vmId=A'],
      beyond: ['limit=0', 'limit=501', 'cursor=bm90aGluZw'],
    }),
    'unknown VM': all('/v1/operations', [`vmId=${UNKNOWN_VM}`], 'nothing'),
    'path characters': all('/v1/operations', [`vmId=${pathText}`]),
    'SQL characters': all('/v1/operations', [`vmId=${sql}`, `status=${sql}`, `cursor=${sql}`]),
  },
  'GET /v1/operations/{id}': {
    ...operation(''),
    'wrong type': none('it takes no parameter'),
    'out of range': none('it takes no parameter'),
  },
  'GET /v1/operations/{id}/wait': {
    ...operation('/wait'),
    'wrong type': all(`/v1/operations/${UNKNOWN_VM}/wait`, ['timeout=soon']),
    'out of range': all(`/v1/operations/${UNKNOWN_VM}/wait`, ['timeout=61', 'timeout=-1']),
  },
  'GET /v1/events': {
    ...listing('/v1/events', {
      wrong: ['after=one', 'from=then', 'follow=no', 'after=1&from=now'],
      beyond: ['after=-1', `after=${LATER_THAN_ANY}`],
    }),
    'foreign tenant': [
      row('/v1/events?follow=false', 'nothing', { otherTenant: true }),
      row(`/v1/events?follow=false&vmId=${VMS.running}`, 'nothing', { otherTenant: true }),
    ],
    'unknown VM': all('/v1/events', [`follow=false&vmId=${UNKNOWN_VM}`], 'nothing'),
    'path characters': [
      ...all('/v1/events', [`vmId=${pathText}`]),
      row('/v1/events?follow=false', INVALID, { headers: { 'last-event-id': '../1' } }),
    ],
    'SQL characters': [
      ...all('/v1/events', [`vmId=${sql}`]),
      row('/v1/events?follow=false', INVALID, { headers: { 'last-event-id': '1 OR 1=1' } }),
    ],
  },
  'GET /v1/usage': {
    ...listing('/v1/usage', {
      wrong: ['from=yesterday', 'vmId=A', 'by=week', 'by=vm&by=day', 'limit=ten'],
      beyond: [
        'to=2026-13-01T00:00:00.000Z',
        `from=${FAR_AHEAD}&to=${LONG_PAST}`,
        'by=day&from=2026-01-01T00:00:00.001Z',
        'by=tenant&to=2026-01-01T12:00:00.000Z',
        `by=day&vmId=${VMS.running}`,
        'limit=0',
        'limit=501',
        'cursor=bm90aGluZw',
        `cursor=${OLD_CURSOR}`,
        // A cursor of the other grouping, and of a list that has one page.
        `by=day&cursor=${Buffer.from('usage:after:vm-1').toString('base64url')}`,
        `by=tenant&cursor=${Buffer.from('days:after:2026-01-01').toString('base64url')}`,
      ],
    }),
    'unknown VM': all('/v1/usage', [`vmId=${UNKNOWN_VM}`], 'nothing'),
    'path characters': all('/v1/usage', [`vmId=${pathText}`, `by=${pathText}`, `cursor=${pathText}`]),
    'SQL characters': all('/v1/usage', [`vmId=${sql}`, `from=${sql}`, `by=${sql}`, `cursor=${sql}`]),
  },
  'GET /v1/attention': {
    ...bare('/v1/attention'),
    'foreign tenant': [row('/v1/attention', 'nothing', { otherTenant: true })],
  },
  'GET /v1/hosts': {
    ...bare('/v1/hosts'),
    'foreign tenant': none("all tenants share the hosts; the token's role decides"),
  },
  'GET /v1/images': {
    ...bare('/v1/images'),
    'wrong type': all('/v1/images', ['limit=ten', 'limit=1&limit=2']),
    'out of range': all('/v1/images', ['limit=0', 'limit=501', 'cursor=bm90aGluZw']),
    'path characters': all('/v1/images', [`cursor=${pathText}`]),
    'foreign tenant': none('images are the same for every tenant'),
  },
  'GET /healthz': probe('/healthz'),
  'GET /readyz': probe('/readyz'),
  'GET /metrics': probe('/metrics'),
  'GET /': pageAt('/', [row(`/${pathText}`, NO_PATH)]),
  'GET /guide': pageAt('/guide', [row(`/guide/${pathText}`, NO_PATH)]),
  'GET /openapi.json': pageAt('/openapi.json', [row(`/openapi.json/${pathText}`, NO_PATH)]),
  'GET /docs': pageAt('/docs', [
    row(`/docs/static/${pathText}`, NO_PATH),
    row('/docs/static/a%00b', NO_PATH),
    row('/docs/static/%5c..%5c..%5cetc', NO_PATH),
    row(`/docs/static/${'x'.repeat(280)}`, NO_PATH),
  ]),
};
