import { expect, test } from 'vitest';
import { hostId, imageId, tenantId, vmId } from './ids.ts';
import { subjectTemplate } from './subject-template.ts';
import {
  commandSubject,
  hostEventSubject,
  imageEventSubject,
  PROBE_SUBJECT,
  rejectionSubject,
  vmEventSubject,
  workSubject,
} from './subjects.ts';

const [tenant, vm, host] = [tenantId('acme'), vmId('vm-1'), hostId('host-1')];

test.each([
  [commandSubject(tenant, vm, 'create'), 'ironlog.cmd.{tenant}.{vm}.create'],
  [workSubject(host, tenant, vm, 'boot'), 'ironlog.work.{host}.{tenant}.{vm}.boot'],
  [workSubject('any', tenant, vm, 'create'), 'ironlog.work.any.{tenant}.{vm}.create'],
  [vmEventSubject(tenant, vm, host, 'crashed'), 'ironlog.evt.vm.{tenant}.{vm}.{writer}.failure'],
  [vmEventSubject(tenant, vm, host, 'booted'), 'ironlog.evt.vm.{tenant}.{vm}.{writer}.fact'],
  [rejectionSubject(tenant, 'gateway'), 'ironlog.evt.cmd.{tenant}.{writer}.rejected'],
  [hostEventSubject(host, host, 'executor-started'), 'ironlog.evt.host.{host}.{writer}.fact'],
  [imageEventSubject(imageId('alpine-1')), 'ironlog.evt.image.{image}.{writer}.fact'],
])('%s is grouped as %s', (subject, template) => {
  expect(subjectTemplate(subject)).toBe(template);
});

test.each(['', 'ironlog', 'ironlog.evt', 'other.cmd.acme.vm-1.boot', 'ironlog.cmd.acme.boot', PROBE_SUBJECT])(
  'a subject of no kind has no template: %j',
  (subject) => expect(subjectTemplate(subject)).toBeUndefined(),
);
