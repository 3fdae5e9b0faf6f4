// The waiting creates, in classes of equal requirements: only the oldest of a class is tried, and if it does not fit, none
// of its class does.
import { whyNotHost } from '@ironlog/domain';
import type { Heartbeat, ImageManifest, VmSpec } from '@ironlog/schemas';

export interface WaitingClass<Item> {
  readonly spec: VmSpec;
  /** What its image is on record as. */
  readonly image: ImageManifest | undefined;
  /** Oldest first. */
  oldest(): Item | undefined;
}

/** What a create asks of a host. */
export interface Wanted {
  readonly spec: VmSpec;
  readonly image?: ImageManifest | undefined;
}

/** By stream sequence, which is also their age. */
export interface WaitingClasses<Item extends { readonly sequence: number }> {
  add(wanted: Wanted, item: Item): void;
  remove(wanted: Wanted, sequence: number): void;
  /** The classes that fit one of these hosts. */
  fitting(hosts: readonly Heartbeat[]): Set<WaitingClass<Item>>;
}

/** Placement does not depend on name, labels and policies. */
const classKey = ({ spec, image }: Wanted): string => {
  const { cpus, memoryMiB, hypervisor, placement } = spec;
  const formats = image && [image.hypervisors, image.kernel.format, image.rootDisk?.format];
  return JSON.stringify([
    cpus,
    memoryMiB,
    hypervisor,
    spec.image,
    formats,
    Object.entries(placement.hostLabels).sort(),
  ]);
};

export const createWaitingClasses = <Item extends { readonly sequence: number }>(): WaitingClasses<Item> => {
  const classes = new Map<string, WaitingClass<Item> & { readonly items: Map<number, Item> }>();
  return {
    add: (wanted, item) => {
      const key = classKey(wanted);
      let found = classes.get(key);
      if (!found) {
        const items = new Map<number, Item>();
        found = { spec: wanted.spec, image: wanted.image, items, oldest: () => items.values().next().value };
        classes.set(key, found);
      }
      found.items.set(item.sequence, item);
    },
    remove: (wanted, sequence) => {
      const key = classKey(wanted);
      const found = classes.get(key);
      found?.items.delete(sequence);
      if (found?.items.size === 0) classes.delete(key);
    },
    fitting: (hosts) =>
      new Set(
        [...classes.values()].filter(({ spec, image }) =>
          hosts.some((host) => whyNotHost(host, spec, image) === undefined),
        ),
      ),
  };
};
