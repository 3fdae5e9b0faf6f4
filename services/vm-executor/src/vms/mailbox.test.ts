// Mailboxes: one VM's jobs in order, different VMs concurrently, and a job that throws stops no other.
import { expect, test } from 'vitest';
import { Mailboxes } from './mailbox.ts';

test("one VM's jobs run one at a time, in the order of submission", async () => {
  const mailboxes = new Mailboxes();
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const story: string[] = [];
  const jobs = gates.map((gate, job) =>
    mailboxes.run('acme/vm-1', async () => {
      story.push(`${job} begins`);
      await gate.promise;
      story.push(`${job} ends`);
      return job;
    }),
  );
  // The later jobs are released first: the order of submission must count.
  for (const gate of gates.toReversed()) gate.resolve();
  expect(await Promise.all(jobs)).toEqual([0, 1, 2]);
  expect(story).toEqual(['0 begins', '0 ends', '1 begins', '1 ends', '2 begins', '2 ends']);
});

test('one VM does not wait for another', async () => {
  const mailboxes = new Mailboxes();
  const gate = Promise.withResolvers<string>();
  const held = mailboxes.run('acme/vm-1', () => gate.promise);
  expect(await mailboxes.run('acme/vm-2', async () => 'other VM')).toBe('other VM');
  expect(await mailboxes.run('beta/vm-1', async () => 'other tenant')).toBe('other tenant');
  expect(['acme/vm-1', 'acme/vm-2'].map((key) => mailboxes.isBusy(key))).toEqual([true, false]);
  gate.resolve('held');
  expect(await held).toBe('held');
  await mailboxes.idle();
  expect(mailboxes.isBusy('acme/vm-1')).toBe(false);
});

test('a job that throws rejects for its caller, and the next one runs', async () => {
  const mailboxes = new Mailboxes();
  const first = mailboxes.run('acme/vm-1', () => Promise.reject(new Error('no such file')));
  const second = mailboxes.run('acme/vm-1', async () => {
    throw new Error('nor that one');
  });
  const third = mailboxes.run('acme/vm-1', async () => 'done');
  await expect(first).rejects.toThrow('no such file');
  await expect(second).rejects.toThrow('nor that one');
  expect(await third).toBe('done');
});

test('the depth counts waiting and running jobs; idle means none, jobs submitted meanwhile included', async () => {
  const mailboxes = new Mailboxes();
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = mailboxes.run('acme/vm-1', async () => {
    await gate.promise;
    void mailboxes.run('acme/vm-1', async () => {
      await new Promise(setImmediate);
      done.push('given meanwhile');
    });
  });
  const failing = mailboxes.run('acme/vm-2', () => Promise.reject(new Error('no')));
  const failed = expect(failing).rejects.toThrow('no');
  expect(mailboxes.depth).toBe(2);
  gate.resolve();
  await mailboxes.idle();
  await Promise.all([first, failed]);
  expect(done).toEqual(['given meanwhile']);
  expect(mailboxes.depth).toBe(0);
});
