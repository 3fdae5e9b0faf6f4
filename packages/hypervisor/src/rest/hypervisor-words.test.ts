// A hypervisor's error message, made readable for the VM's tenant.
import { expect, it } from 'vitest';
import { hypervisorWords } from './hypervisor-words.ts';

it.each([
  ['["Error from API","The VM could not boot","VM is already created"]', 'VM is already created'],
  ['["Error","Cannot open /var/lib/a b\\n\\nStack backtrace:\\n   0: main at /build/x.rs"]', 'Cannot open (path) b'],
  [
    '{"fault_message":"Boot source error: The kernel file cannot be opened: /srv/vmlinux: No such file (os error 2)"}',
    'Boot source error: The kernel file cannot be opened: (path): No such file (os error 2)',
  ],
  ['{"fault_message":"either 1/2 or `/dev/kvm`"}', 'either 1/2 or `(path)`'],
  ['[]', ''],
  ['boom', ''],
  ['{"error":"another"}', ''],
])('%s: %s', (text, words) => expect(hypervisorWords(text)).toBe(words));

it('is cut', () => expect(hypervisorWords(JSON.stringify(['x'.repeat(10_000)]))).toHaveLength(200));
