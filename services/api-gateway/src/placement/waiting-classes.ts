// The waiting creates, in classes of equal requirements: only the oldest of a class is tried, and if it does not fit, none
// of its class does.
import { whyNotHost } from '@ironlog/domain';
import type { Heartbeat, VmSpec } from '@ironlog/schemas';

export interface WaitingClass<Item> {
  readonly spec: VmSpec;
  /** Oldest first. */
  oldest(): Item | undefined;
}

/** By stream sequence, which is also their age. */
export interface WaitingClasses<Item extends { readonly sequence: number }> {
  add(spec: VmSpec, item: Item): void;
  remove(spec: VmSpec, sequence: number): void;
  /** The classes that fit one of these hosts. */
  fitting(hosts: readonly Heartbeat[]): Set<WaitingClass<Item>>;
}

/** Placement does not depend on name, labels and policies. */
const classKey = ({ cpus, memoryMiB, hypervisor, image, placement }: VmSpec): string =>
  JSON.stringify([cpus, memoryMiB, hypervisor, image, Object.entries(placement.hostLabels).sort()]);

export const createWaitingClasses = <Item extends { readonly sequence: number }>(): WaitingClasses<Item> => {
  const classes = new Map<string, WaitingClass<Item> & { readonly items: Map<number, Item> }>();
  return {
    add: (spec, item) => {
      const key = classKey(spec);
      let found = classes.get(key);
      if (!found) {
        const items = new Map<number, Item>();
        found = { spec, items, oldest: () => items.values().next().value };
        classes.set(key, found);
      }
      found.items.set(item.sequence, item);
    },
    remove: (spec, sequence) => {
      const key = classKey(spec);
      const found = classes.get(key);
      found?.items.delete(sequence);
      if (found?.items.size === 0) classes.delete(key);
    },
    fitting: (hosts) =>
      new Set([...classes.values()].filter(({ spec }) => hosts.some((host) => whyNotHost(host, spec) === undefined))),
  };
};
