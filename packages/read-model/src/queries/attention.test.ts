import { tenantId, vmEventSubject, vmId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { appendFact, unreachable } from '../host-events.fixture.ts';
import { HOST, testLog } from '../lifecycle.fixture.ts';
import { modelOf } from '../read-model.fixture.ts';

test("the advice for an unreachable host does not claim its VMs' state", () => {
  const log = testLog();
  appendFact(log, 'host-1', unreachable(), 'recovery');
  const model = modelOf(log);
  try {
    const [item] = model.reader.attention(tenantId('acme'), { hosts: true });
    expect(item).toMatchObject({ kind: 'host-unreachable', host: 'host-1' });
    expect(item?.actionRequired).toContain('the state of its VMs is unknown');
    expect(item?.actionRequired).toContain('if only the executor is down');
  } finally {
    model.remove();
  }
});

test('a truncated attention list reports it', () => {
  const acme = tenantId('acme');
  const log = testLog();
  const subject = vmEventSubject(acme, vmId('vm-1'), HOST, 'booted');
  for (let n = 1; n <= 1000; n += 1) log.store(subject, new Uint8Array());
  const itemsOf = () => {
    const model = modelOf(log);
    try {
      return model.reader.attention(acme, { hosts: true });
    } finally {
      model.remove();
    }
  };
  expect(new Set(itemsOf().map(({ kind }) => kind))).toEqual(new Set(['quarantined']));
  log.store(subject, new Uint8Array());
  for (let n = 1; n <= 1001; n += 1) appendFact(log, `host-${n}`, unreachable(), 'recovery');
  const items = itemsOf();
  expect(items).toHaveLength(2002);
  expect(items.filter(({ kind }) => kind === 'list-cut')).toMatchObject([
    { reason: expect.stringContaining('more than 1000 hosts') },
    { reason: expect.stringContaining('more than 1000 quarantined messages') },
  ]);
});
