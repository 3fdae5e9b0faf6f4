import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Db, openReadOnly } from '../database.ts';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import { ATTENTION_LISTS } from './attention.ts';
import { IMAGE_LISTS } from './images.ts';
import { OPERATION_LISTS } from './operations.ts';
import { USAGE_LISTS } from './usage.ts';
import { USAGE_DAYS } from './usage-days.ts';
import { PENDING_CREATE } from './vm-location.ts';
import { VM_LISTS } from './vms/listed-vms.ts';
import { PENDING_VMS } from './vms/pending-vms.ts';
import { TEXT_LISTS } from './vms/vm-text.ts';

let model: TestModel;
let db: Db;
beforeAll(() => {
  model = modelOf(testLog());
  db = openReadOnly(model.stateFile);
});
afterAll(() => {
  db.close();
  model.remove();
});

/** How the query reads its own table, and its sorts. */
const planOf = (sql: string): string[] => {
  const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, null]);
  const places = [...sql.matchAll(/\?/g)].map(() => null);
  const plan = db.prepare<unknown[], { id: number; detail: string; parent: number }>(`EXPLAIN QUERY PLAN ${sql}`);
  const lines = names.length > 0 ? plan.all(Object.fromEntries(names)) : plan.all(...places);
  const inner = lines.filter(({ detail }) => detail.startsWith('CO-ROUTINE')).map(({ id }) => id);
  return lines
    .filter(({ parent, detail }) => (parent === 0 || inner.includes(parent)) && !detail.startsWith('CORRELATED'))
    .map((line) => line.detail);
};

const LISTED = 'SEARCH vms USING INDEX vms_listed (tenant=? AND scope=? AND id>? AND id<?)';
const CHECKED = 'SEARCH vms USING INDEX vms_listed (tenant=? AND scope=? AND id=?)';
const COUNTED = (index: string): string[] => [`CO-ROUTINE (subquery-1)`, `SEARCH ${index}`, 'SCAN (subquery-1)'];

test.each([
  // The index contains the checked columns, so that no row is read for a VM that does not match.
  ['VMs, however many are deleted', VM_LISTS.SCAN, [LISTED]],
  [
    'how many VMs there are',
    VM_LISTS.FIRST,
    COUNTED('vms USING COVERING INDEX vms_listed (tenant=? AND scope=? AND id>?)'),
  ],
  [
    'VMs with a label',
    VM_LISTS.BY_LABEL,
    ['SEARCH led USING PRIMARY KEY (tenant=? AND key=? AND value=? AND scope=? AND id>? AND id<?)', CHECKED],
  ],
  [
    'how many VMs have a label',
    VM_LISTS.FIRST_OF_LABEL,
    COUNTED('led USING PRIMARY KEY (tenant=? AND key=? AND value=? AND scope=? AND id>?)'),
  ],
  [
    'VMs in a state',
    VM_LISTS.BY_STATE,
    ['SEARCH led USING COVERING INDEX vms_by_state (tenant=? AND scope=? AND state=? AND id>? AND id<?)', CHECKED],
  ],
  [
    'how many VMs are in a state',
    VM_LISTS.FIRST_OF_STATE,
    COUNTED('led USING COVERING INDEX vms_by_state (tenant=? AND scope=? AND state=? AND id>?)'),
  ],
  [
    'VMs on a host',
    VM_LISTS.BY_HOST,
    ['SEARCH led USING COVERING INDEX vms_by_host (tenant=? AND scope=? AND host=? AND id>? AND id<?)', CHECKED],
  ],
  [
    'how many VMs are on a host',
    VM_LISTS.FIRST_OF_HOST,
    COUNTED('led USING COVERING INDEX vms_by_host (tenant=? AND scope=? AND host=? AND id>?)'),
  ],
  // FTS5's own plan format: a MATCH between two rowids, and a range of terms.
  ['VMs whose name or id has a text', TEXT_LISTS.MATCHES, ['SCAN vm_text VIRTUAL TABLE INDEX 0:M1><']],
  [
    'VMs whose name or id has one or two letters',
    TEXT_LISTS.BEGINNINGS,
    ['SCAN vm_text_terms VIRTUAL TABLE INDEX 1539:'],
  ],
  [
    'VMs that need an operator, however many do not',
    ATTENTION_LISTS.VMS,
    ['SEARCH vms USING INDEX vms_attention (tenant=?)'],
  ],
  ['images', IMAGE_LISTS.PAGE, ['SEARCH images USING INDEX sqlite_autoindex_images_1 (id>?)']],
  [
    'VMs of an image, however many have none',
    IMAGE_LISTS.LIVE_USER,
    ['SEARCH vms USING INDEX vms_image (image=?)', 'USE TEMP B-TREE FOR ORDER BY'],
  ],
  [
    'operations',
    OPERATION_LISTS.LIST,
    ['SEARCH operations USING INDEX operations_in_order (tenant=? AND (requested_ms,id)>(?,?))'],
  ],
  [
    'operations of one VM',
    OPERATION_LISTS.OF_VM,
    ['SEARCH operations USING INDEX operations_of_vm (tenant=? AND vm_id=? AND (requested_ms,id)>(?,?))'],
  ],
  [
    'operations that have not succeeded, however many have',
    OPERATION_LISTS.NOT_SUCCEEDED,
    ['SEARCH operations USING INDEX operations_not_succeeded (tenant=? AND status=? AND (requested_ms,id)>(?,?))'],
  ],
  [
    'pending commands',
    OPERATION_LISTS.PENDING,
    ['SEARCH pending_commands USING INDEX pending_in_order (tenant=? AND (requested_ms,id)>(?,?))'],
  ],
  [
    'pending commands of one VM',
    OPERATION_LISTS.PENDING_OF_VM,
    ['SEARCH pending_commands USING INDEX pending_by_vm (tenant=? AND vm_id=? AND (requested_ms,id)>(?,?))'],
  ],
  [
    'the end of a scan of pending VMs',
    PENDING_VMS.SCANNED_TO,
    ['SEARCH pending_commands USING COVERING INDEX pending_creates (tenant=? AND vm_id>?)'],
  ],
  ['pending VMs', PENDING_VMS.LIST, ['SEARCH asked USING INDEX pending_creates (tenant=? AND vm_id>? AND vm_id<?)']],
  [
    'the create of a pending VM',
    PENDING_CREATE,
    ['SEARCH pending_commands USING INDEX pending_creates (tenant=? AND vm_id=?)'],
  ],
  ['usage of VMs', USAGE_LISTS.OF_TENANT, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id>? AND vm_id<?)']],
  ['the end of a scan of usage', USAGE_LISTS.SCANNED_TO, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id>?)']],
  ['usage by day', USAGE_DAYS, ['SEARCH usage_days USING PRIMARY KEY (tenant=? AND day<?)']],
  ['usage of one VM', USAGE_LISTS.OF_VM, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id=? AND started_at<?)']],
])('%s are found by a selective index, in its order', (_, sql, plan) => {
  expect(planOf(sql)).toEqual(plan);
});
