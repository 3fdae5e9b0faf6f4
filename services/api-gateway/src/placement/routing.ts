// Routes a command: to the VM's owner, to its create's host, to the best host, or nowhere, with the reason.
import type { VmLocation } from '@ironlog/read-model';
import type { Action, HostId, ImageManifest, TenantId, VmId } from '@ironlog/schemas';
import type { Refused } from '../accept/submission.ts';
import type { VmLocations } from '../tail/vm-locations.ts';
import type { Hosts } from './hosts.ts';
import type { PlacedVm } from './placed-load.ts';
import type { Wanted } from './waiting-classes.ts';
import type { WaitingRoom } from './waiting-room.ts';

export type Route =
  | { readonly kind: 'to'; readonly target: HostId | 'any' }
  /** A delete of an unclaimed VM. */
  | { readonly kind: 'cancel'; readonly where: Extract<VmLocation, { kind: 'pending' }> }
  /** Cancelled before any claim: there is no host for the command. */
  | { readonly kind: 'deleted' }
  | { readonly kind: 'no'; readonly refused: Refused };

export interface RoutingDeps {
  readonly vmLocation: Pick<VmLocations, 'find'>;
  readonly hosts: Pick<Hosts, 'live' | 'place'>;
  readonly waiting: Pick<WaitingRoom, 'mayEnter'>;
}

const no = (code: Refused['code'], reason: string): Route => ({
  kind: 'no',
  refused: { kind: 'refused', code, reason },
});

/** Checks existence only; the executor validates the state. */
export const routeFor = (
  deps: RoutingDeps,
  asked: {
    readonly tenant: TenantId;
    readonly vmId: VmId;
    readonly action: Action;
    /** What the image of a create's spec is on record as. */
    readonly image?: ImageManifest | undefined;
  },
): Route => {
  const { tenant, vmId, action } = asked;
  const where = deps.vmLocation.find(tenant, vmId);
  if (where?.kind === 'owned') return { kind: 'to', target: where.host };
  if (where?.kind === 'cancelled') return { kind: 'deleted' };
  if (where && action.verb === 'delete') return { kind: 'cancel', where };
  if (where) return { kind: 'to', target: where.target };
  if (action.verb !== 'create') return no('vm-not-found', `there is no VM ${vmId}`);
  return routeCreate(deps, { tenant, vmId }, { spec: action.params.spec, image: asked.image });
};

const routeCreate = ({ hosts, waiting }: RoutingDeps, vm: PlacedVm, { spec, image }: Wanted): Route => {
  const live = hosts.live();
  if (
    spec.image &&
    !image &&
    live.length > 0 &&
    !live.some(({ images }) => images.some(({ id }) => id === spec.image))
  ) {
    return no('image-not-found', `there is no image ${spec.image}; GET /v1/images lists them`);
  }
  const placed = hosts.place(spec, vm, image);
  if (placed.kind === 'placed') return { kind: 'to', target: placed.host };
  const full = waiting.mayEnter(vm.tenant);
  return full === undefined ? { kind: 'to', target: 'any' } : no('too-many-waiting', full);
};

/** Why no host fits, per host, for `waitingFor`. */
export const whyWaiting = (reasons: Readonly<Record<string, string>>): string => {
  const entries = Object.entries(reasons);
  if (entries.length === 0) return 'no host is alive';
  return entries
    .map(([host, reason]) => `${host} ${reason}`)
    .join('; ')
    .slice(0, 1000);
};
