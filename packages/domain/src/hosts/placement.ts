// Placement: picks the host for a new VM, or reports why none fits. Filters, then scores; pure and deterministic.
import { fitsHypervisor, type Heartbeat, type HostId, type ImageManifest, type VmSpec } from '@ironlog/schemas';

export type Placed =
  | { readonly kind: 'placed'; readonly host: HostId }
  | { readonly kind: 'no-host'; readonly reasons: Readonly<Record<string, string>> };

/** `image`: what the spec's image is on record as; `undefined`: one of the hosts' own. */
export const place = (hosts: readonly Heartbeat[], spec: VmSpec, image?: ImageManifest): Placed => {
  const reasons: Record<string, string> = {};
  const fit: Heartbeat[] = [];
  for (const host of hosts) {
    const reason = whyNotHost(host, spec, image);
    if (reason === undefined) fit.push(host);
    else reasons[host.host] = reason;
  }
  const [best] = fit.toSorted((a, b) => score(b, spec) - score(a, spec) || (a.host < b.host ? -1 : 1));
  return best ? { kind: 'placed', host: best.host } : { kind: 'no-host', reasons };
};

/** `undefined`: the host fits. */
export const whyNotHost = (host: Heartbeat, spec: VmSpec, image?: ImageManifest): string | undefined => {
  if (host.status !== 'ready') return `is ${host.status}`;
  if (host.clockRefusal !== undefined) return host.clockRefusal;
  if (spec.hypervisor && !host.hypervisors.includes(spec.hypervisor)) return `has no ${spec.hypervisor}`;
  if (image && !runs(host, spec, image)) return `has no hypervisor that boots image ${image.id}`;
  if (spec.image && !image && !host.images.some((image) => image.id === spec.image))
    return `has no image ${spec.image}`;
  const label = Object.entries(spec.placement.hostLabels).find(([key, value]) => host.labels[key] !== value);
  if (label) return `lacks label ${label[0]}=${label[1]}`;
  const free = freeOf(host);
  if (free.cpus < spec.cpus) return `has ${free.cpus} of ${spec.cpus} cpus free`;
  if (free.memoryMiB < spec.memoryMiB) return `has ${free.memoryMiB} of ${spec.memoryMiB} MiB free`;
  if (free.processes < 1) return `has no process left of ${host.capacity.processes}`;
  return undefined;
};

/** On the hypervisor that is asked for, or on any. */
const runs = ({ hypervisors }: Heartbeat, { hypervisor }: VmSpec, image: ImageManifest): boolean =>
  hypervisors.some((kind) => (hypervisor ?? kind) === kind && fitsHypervisor(image, kind));

const freeOf = (host: Heartbeat) => ({
  cpus: host.capacity.cpus - host.used.cpus,
  memoryMiB: host.capacity.memoryMiB - host.used.memoryMiB,
  processes: host.capacity.processes - host.used.processes,
});

/** Spread: the free share of the host's scarcest resource once the VM is placed on it, 0 to 1. */
const score = (host: Heartbeat, spec: VmSpec): number => {
  const free = freeOf(host);
  const share = (left: number, capacity: number) => (capacity > 0 ? left / capacity : 0);
  return Math.min(
    share(free.cpus - spec.cpus, host.capacity.cpus),
    share(free.memoryMiB - spec.memoryMiB, host.capacity.memoryMiB),
    share(free.processes - 1, host.capacity.processes),
  );
};
