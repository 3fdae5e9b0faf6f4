// Reading the read model: one read-only handle per file, opened again when a rebuild has put another in its place.
import type { OperationState, Vm } from '@ironlog/domain';
import {
  type AttentionItem,
  type CommandId,
  type ImageId,
  type SilentHost,
  STREAMS,
  type TenantId,
  type Timestamp,
  type UsageItem,
  type VmId,
  type VmSpec,
  type VmView,
  type WorkCommand,
} from '@ironlog/schemas';
import { Checkpoints } from './checkpoint.ts';
import { type Db, openReadOnly, shapeOf } from './database.ts';
import { currentFile, type Kind } from './generation.ts';
import { prepareAttention } from './queries/attention.ts';
import { type AttentionCounts, prepareAttentionCounts } from './queries/attention-counts.ts';
import type { Page } from './queries/cursor.ts';
import { prepareDueRestarts } from './queries/due-restarts.ts';
import { type EventRange, type PastEvent, type PointInTime, prepareHistory } from './queries/history.ts';
import { prepareHosts } from './queries/hosts.ts';
import { type ImageListing, type ImageRow, type ImageUser, prepareImages } from './queries/images.ts';
import { type OperationListing, prepareOperationQueries } from './queries/operations.ts';
import { type OverdueRange, prepareOverdue } from './queries/overdue.ts';
import { prepareUsage, type UsageRange } from './queries/usage.ts';
import type { VmListing } from './queries/vm-listing.ts';
import { prepareVmLocation, type VmLocation } from './queries/vm-location.ts';
import { prepareVmQueries } from './queries/vms.ts';
import { SCHEMA_VERSION } from './tables.ts';
import { viewOfVm } from './vm-view.ts';

/** Sequences of the streams that the rows of `state` have got to. */
export interface Positions {
  readonly events: number;
  readonly work: number;
}

/** The files are not there yet: the projector has not caught up for the first time. */
export class ReadModelNotReady extends Error {}

const prepareState = (db: Db) => {
  const vms = prepareVmQueries(db);
  const overdue = prepareOverdue(db);
  return {
    vms,
    overdue,
    dueRestarts: prepareDueRestarts(db),
    checkpoints: new Checkpoints(db),
    operations: prepareOperationQueries(db),
    attention: prepareAttention(db),
    attentionCounts: prepareAttentionCounts(db),
    usage: prepareUsage(db),
    hosts: prepareHosts(db),
    images: prepareImages(db),
    vmLocation: prepareVmLocation(db, vms.aggregate),
  };
};
const preparePast = (db: Db) => ({ checkpoints: new Checkpoints(db), ...prepareHistory(db) });

/** The pointer is looked at no more often than this. */
const CHECK_EVERY_MS = 200;

class CurrentFile<Queries> {
  readonly #directory: string;
  readonly #kind: Kind;
  readonly #prepare: (db: Db) => Queries;
  #open: { file: string; db: Db; queries: Queries } | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string, kind: Kind, prepare: (db: Db) => Queries) {
    this.#directory = directory;
    this.#kind = kind;
    this.#prepare = prepare;
  }

  /** @throws ReadModelNotReady */
  get queries(): Queries {
    const now = performance.now();
    if (!this.#open || now - this.#checkedAt > CHECK_EVERY_MS) {
      this.#checkedAt = now;
      this.#follow();
    }
    if (!this.#open)
      throw new ReadModelNotReady(
        `no ${this.#kind} database in ${this.#directory} yet: the state-projector has not caught up`,
      );
    return this.#open.queries;
  }

  close(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }

  #follow(): void {
    const file = currentFile(this.#directory, this.#kind);
    if (file !== undefined && file === this.#open?.file) return;
    // The projector takes a damaged file back before it has another: no answer is better than a wrong one.
    this.close();
    if (file === undefined) return;
    const db = openReadOnly(file);
    if (shapeOf(db) !== SCHEMA_VERSION) {
      // Of another release of this project: its projector is rebuilding it.
      db.close();
      return;
    }
    const queries = this.#prepare(db);
    this.#open = { file, db, queries };
  }
}

export interface Reader {
  positions(): Positions;
  /** Sequence of EVENTS that `history` has got to: a file of its own, which may be there without the other. */
  historyPosition(): number;
  vm(tenant: TenantId, id: VmId): VmView | undefined;
  aggregate(tenant: TenantId, id: VmId): Vm | undefined;
  vmThen(tenant: TenantId, id: VmId, pointInTime: PointInTime): VmView | undefined;
  /** `undefined`: the cursor is none of ours. */
  vms(tenant: TenantId, listing: VmListing): Page<VmView> | undefined;
  vmLocation(tenant: TenantId, id: VmId): VmLocation | undefined;
  operation(tenant: TenantId, id: CommandId): OperationState | undefined;
  operations(tenant: TenantId, listing: OperationListing): Page<OperationState> | undefined;
  /** What a create that waits for a host asks for; `undefined`: it does not wait, or is not read yet. */
  waitingSpec(tenant: TenantId, id: CommandId): VmSpec | undefined;
  vmEvents(tenant: TenantId, id: VmId, range: EventRange): readonly PastEvent[];
  /** The tenant's events and those of hosts, in sequence order. */
  history(tenant: TenantId, range: EventRange): readonly PastEvent[];
  attention(tenant: TenantId, wanted: { readonly hosts: boolean }): readonly AttentionItem[];
  usage(tenant: TenantId, range: UsageRange, now: Timestamp): readonly UsageItem[];
  /** Every host on record, as it is to be told of while it is not heard; by id. */
  hosts(): readonly SilentHost[];
  image(id: ImageId): ImageRow | undefined;
  /** By id. */
  images(listing: ImageListing): readonly ImageRow[];
  /** A VM that lives, or a create that waits; of `tenant` before any other's. */
  imageUser(id: ImageId, tenant: TenantId): ImageUser | undefined;
  /** Past their deadline and not on record as stuck; oldest first, as many as are good for one look. */
  overdueTasks(now: Timestamp): readonly Vm[];
  /** Those with commands past their `startBy`, in the order of their ids. */
  overdueTenants(now: Timestamp): readonly TenantId[];
  overdueCommands(tenant: TenantId, range: OverdueRange): readonly WorkCommand[];
  /** Past their time, and no delete has been begun, or sent by recovery; oldest first, as many as are good for one look. */
  expiredVms(now: Timestamp): readonly Vm[];
  attentionCounts(): AttentionCounts;
  dueRestarts(now: Timestamp): readonly Vm[];
  close(): void;
}

/** Every question names the tenant (P9), but for hosts and images, which are under all of them, and recovery's own. Each may throw ReadModelNotReady. */
export const openReader = ({ directory }: { readonly directory: string }): Reader => {
  const state = new CurrentFile(directory, 'state', prepareState);
  const past = new CurrentFile(directory, 'history', preparePast);
  return {
    positions: () => ({
      events: state.queries.checkpoints.read(STREAMS.events).sequence,
      work: state.queries.checkpoints.read(STREAMS.work).sequence,
    }),
    historyPosition: () => past.queries.checkpoints.read(STREAMS.events).sequence,
    vm: (tenant, id) => {
      const vm = state.queries.vms.aggregate(tenant, id);
      return vm && viewOfVm(vm);
    },
    aggregate: (tenant, id) => state.queries.vms.aggregate(tenant, id),
    vmThen: (tenant, id, pointInTime) => viewOfVm(past.queries.vmThen(tenant, id, pointInTime)),
    vms: (tenant, listing) => state.queries.vms.page(tenant, listing),
    vmLocation: (tenant, id) => state.queries.vmLocation(tenant, id),
    operation: (tenant, id) => state.queries.operations.one(tenant, id),
    operations: (tenant, listing) => state.queries.operations.page(tenant, listing),
    waitingSpec: (tenant, id) => state.queries.operations.waitingSpec(tenant, id),
    vmEvents: (tenant, id, range) => past.queries.vmEvents(tenant, id, range),
    history: (tenant, range) => past.queries.events(tenant, range),
    attention: (tenant, wanted) => state.queries.attention(tenant, wanted),
    usage: (tenant, range, now) => state.queries.usage(tenant, range, now),
    hosts: () => state.queries.hosts(),
    image: (id) => state.queries.images.one(id),
    images: (listing) => state.queries.images.page(listing),
    imageUser: (id, tenant) => state.queries.images.user(id, tenant),
    overdueTasks: (now) => state.queries.overdue.overdueTasks(now),
    overdueTenants: (now) => state.queries.overdue.overdueTenants(now),
    overdueCommands: (tenant, range) => state.queries.overdue.overdueCommands(tenant, range),
    expiredVms: (now) => state.queries.overdue.expiredVms(now),
    attentionCounts: () => state.queries.attentionCounts(),
    dueRestarts: (now) => state.queries.dueRestarts(now),
    close: () => {
      state.close();
      past.close();
    },
  };
};
