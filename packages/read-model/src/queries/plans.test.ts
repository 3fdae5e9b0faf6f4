import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Db, openReadOnly } from '../database.ts';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import { ATTENTION_LISTS } from './attention.ts';
import { IMAGE_LISTS } from './images.ts';
import { OPERATION_LISTS } from './operations.ts';
import { PENDING_VMS } from './pending-vms.ts';
import { USAGE_LISTS } from './usage.ts';
import { PENDING_CREATE } from './vm-location.ts';
import { VM_LISTS } from './vms.ts';

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

/** How its own table is read, and what is sorted. */
const planOf = (sql: string): string[] => {
  const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, null]);
  const places = [...sql.matchAll(/\?/g)].map(() => null);
  const plan = db.prepare<unknown[], { detail: string; parent: number }>(`EXPLAIN QUERY PLAN ${sql}`);
  const lines = names.length > 0 ? plan.all(Object.fromEntries(names)) : plan.all(...places);
  return lines
    .filter(({ parent, detail }) => parent === 0 && !detail.startsWith('CORRELATED'))
    .map((line) => line.detail);
};

/** Rows of one sequence only, of which there are one or two. */
const WITHIN_A_SEQUENCE = 'USE TEMP B-TREE FOR LAST TERM OF ORDER BY';

test.each([
  [
    'live VMs, however many are deleted',
    VM_LISTS.LIVE,
    ['SEARCH vms USING INDEX vms_live (tenant=? AND created_sequence>?)', WITHIN_A_SEQUENCE],
  ],
  [
    'all VMs',
    VM_LISTS.ALL,
    ['SEARCH vms USING INDEX vms_in_order (tenant=? AND created_sequence>?)', WITHIN_A_SEQUENCE],
  ],
  [
    'VMs that need a human, however many do not',
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
  ['VMs that are asked for', PENDING_VMS, ['SEARCH asked USING INDEX pending_in_order (tenant=? AND sequence>?)']],
  [
    'where a VM is asked for',
    PENDING_CREATE,
    ['SEARCH pending_commands USING INDEX pending_by_vm (tenant=? AND vm_id=?)'],
  ],
  ['usage of one VM', USAGE_LISTS.OF_VM, ['SEARCH usage USING PRIMARY KEY (tenant=? AND vm_id=? AND started_at<?)']],
])('%s are found by an index that holds little else, in its order', (_, sql, plan) => {
  expect(planOf(sql)).toEqual(plan);
});
