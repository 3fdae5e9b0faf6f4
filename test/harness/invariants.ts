// The checker: reads the log and the machine, and reports violated invariants (I1–I5, I10, I11).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evolve, initialVm, type Vm, verbOfIntent } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { type FoundProcess, findUnder } from '@ironlog/hypervisor';
import { type CommandId, isTenantEvent, type StoredEvent } from '@ironlog/schemas';

export interface Findings {
  readonly problems: readonly string[];
  readonly vms: ReadonlyMap<string, Vm>;
}

const SHOULD_LIVE = ['created', 'running', 'paused'];

/**
 * I3, I10, I11: every entry parses, every transition is legal and by its owner, revisions are contiguous, deleted is absorbing.
 */
const foldAll = (entries: readonly Recorded[]): Findings => {
  const problems: string[] = [];
  const vms = new Map<string, Vm>();
  for (const { read, sequence, hash } of entries) {
    if (!read.ok) {
      problems.push(`I11: entry ${sequence} is no event: ${read.reason}`);
      continue;
    }
    if (read.stored.kind !== 'vm') continue;
    const { event, writer } = read.stored;
    const key = `${event.tenant}/${event.subject}`;
    const before = vms.get(key) ?? initialVm(event.tenant, event.subject);
    const evolved = evolve(before, { sequence, hash, writer, event });
    if (evolved.kind === 'ignored')
      problems.push(`I3: entry ${sequence} (${event.name} of ${key}) is not legal: ${evolved.reason}`);
    if (before.state === 'deleted' && evolved.vm.state !== 'deleted')
      problems.push(`I10: ${key} came back at ${sequence}`);
    vms.set(key, evolved.vm);
  }
  return { problems, vms };
};

/** The commands that an event decides: by an intent, a rejection, an expiry, or a delete before any claim. */
const decidedBy = (stored: StoredEvent): readonly CommandId[] => {
  if (!isTenantEvent(stored)) return [];
  const own = stored.event.causationid === undefined ? [] : [stored.event.causationid];
  if (stored.kind === 'rejection') return own;
  const { event } = stored;
  if (event.name === 'cancelled') return event.data.cancels === undefined ? own : [...own, event.data.cancels];
  // A create with `start` continues with its boot: it is already decided.
  if (event.name === 'boot-started' && event.data.request.verb === 'create') return [];
  return event.name === 'command-expired' || verbOfIntent(event.name) !== undefined ? own : [];
};

/** I1, I2: each accepted command is decided exactly once, and has an outcome. */
const commandProblems = (
  entries: readonly Recorded[],
  vms: ReadonlyMap<string, Vm>,
  accepted: readonly CommandId[],
): string[] => {
  const ends = new Map<CommandId, number>();
  for (const { read } of entries)
    if (read.ok) for (const id of decidedBy(read.stored)) ends.set(id, (ends.get(id) ?? 0) + 1);
  const open = new Set(
    [...vms.values()].flatMap((vm) =>
      vm.commands.filter((record) => record.outcome === 'open').map((record) => record.id),
    ),
  );
  return [
    ...accepted.filter((id) => !ends.has(id)).map((id) => `I1: command ${id} was accepted and has no outcome`),
    ...[...ends].filter(([, count]) => count > 1).map(([id, count]) => `I2: command ${id} was decided ${count} times`),
    ...[...open].map((id) => `I1: command ${id} is still open`),
  ];
};

/** I4: at most one process per VM, none of an older epoch. For samples during a run. */
export const processProblems = (found: readonly FoundProcess[]): string[] => {
  const byDirectory = Map.groupBy(found, ({ directory }) => directory);
  return [...byDirectory]
    .filter(([, processes]) => processes.length > 1)
    .map(([directory, processes]) => `I4: ${processes.length} processes for ${directory}`);
};

/** All invariants, after quiescence. */
export const check = async (options: {
  entries: readonly Recorded[];
  accepted: readonly CommandId[];
  hostDirectories: readonly string[];
}): Promise<Findings> => {
  const { problems, vms } = foldAll(options.entries);
  const found = (await Promise.all(options.hostDirectories.map((directory) => findUnder(directory)))).flat();
  const more = [...commandProblems(options.entries, vms, options.accepted), ...processProblems(found)];
  for (const [key, vm] of vms) {
    const directory = options.hostDirectories.map((host) => join(host, key)).find((path) => existsSync(path));
    const lives = found.some((process) => process.directory.endsWith(`/${key}`));
    if (SHOULD_LIVE.includes(vm.state) && !lives) more.push(`I5: ${key} is ${vm.state} without a process`);
    if (!SHOULD_LIVE.includes(vm.state) && lives) more.push(`I5: ${key} is ${vm.state} and has a process`);
    if (vm.state === 'deleted' && directory) more.push(`I5: ${key} is deleted and ${directory} is there`);
    if (vm.task) more.push(`P2: ${key} has ${vm.task.verb} in flight after quiescence`);
  }
  for (const { directory } of found)
    if (![...vms.keys()].some((key) => directory.endsWith(`/${key}`)))
      more.push(`I5: a process for ${directory} without a VM`);
  return { problems: [...problems, ...more], vms };
};
