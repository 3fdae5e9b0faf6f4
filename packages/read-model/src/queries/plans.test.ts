import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Db, openReadOnly } from '../database.ts';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import { ATTENTION_LISTS } from './attention.ts';
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

/** How the query reads its own table, and what it sorts. */
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

/** Rows of one sequence only, of which there are one or two. */
const WITHIN_A_SEQUENCE = 'USE TEMP B-TREE FOR LAST TERM OF ORDER BY';

test.each([
  // Of a VM that leads to nothing shown, no row is read: the columns checked are in the index.
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
  // FTS5 tells in its own way what it is led by: a MATCH between two rowids, and terms from one to another.
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
  [
    'operations',
    OPERATION_LISTS.LIST,
    ['SEARCH operations USING INDEX operations_in_order (tenant=? AND created_sequence>?)', WITHIN_A_SEQUENCE],
  ],
  [
    'operations of one VM',
    OPERATION_LISTS.OF_VM,
    ['SEARCH operations USING INDEX operations_of_vm (tenant=? AND vm_id=? AND created_sequence>?)', WITHIN_A_SEQUENCE],
  ],
  [
    'operations that have not succeeded, however many have',
    OPERATION_LISTS.NOT_SUCCEEDED,
    [
      'SEARCH operations USING INDEX operations_not_succeeded (tenant=? AND status=? AND created_sequence>?)',
      WITHIN_A_SEQUENCE,
    ],
  ],
  [
    'commands that wait',
    OPERATION_LISTS.PENDING,
    ['SEARCH pending_commands USING INDEX pending_in_order (tenant=? AND sequence>?)'],
  ],
  [
    'commands of one VM that wait',
    OPERATION_LISTS.PENDING_OF_VM,
    ['SEARCH pending_commands USING INDEX pending_by_vm (tenant=? AND vm_id=? AND sequence>?)'],
  ],
  [
    'how far VMs that are asked for are looked through',
    PENDING_VMS.LOOKED_TO,
    ['SEARCH pending_commands USING COVERING INDEX pending_creates (tenant=? AND vm_id>?)'],
  ],
  [
    'VMs that are asked for',
    PENDING_VMS.LIST,
    ['SEARCH asked USING INDEX pending_creates (tenant=? AND vm_id>? AND vm_id<?)'],
  ],
  [
    'where a VM is asked for',
    PENDING_CREATE,
    ['SEARCH pending_commands USING INDEX pending_by_vm (tenant=? AND vm_id=?)'],
  ],
  ['usage of VMs', USAGE_LISTS.OF_TENANT, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id>? AND vm_id<?)']],
  ['how far usage is looked through', USAGE_LISTS.LOOKED_TO, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id>?)']],
  ['usage by day', USAGE_DAYS, ['SEARCH usage_days USING PRIMARY KEY (tenant=? AND day<?)']],
  ['usage of one VM', USAGE_LISTS.OF_VM, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id=? AND started_at<?)']],
])('%s are found by a selective index, in its order', (_, sql, plan) => {
  expect(planOf(sql)).toEqual(plan);
});
