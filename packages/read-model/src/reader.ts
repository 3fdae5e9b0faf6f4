// Reads the read model: one read-only handle per file, reopened when a rebuild has replaced the file.
import type { OperationState, Vm } from '@ironlog/domain';
import {
  type AttentionItem,
  type CommandId,
  type DayUsage,
  type ImageId,
  type SilentHost,
  STREAMS,
  type TenantId,
  type TenantUsage,
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
import { prepareDueRestarts } from './queries/due-restarts.ts';
import { type EventRange, type PastEvent, type PointInTime, prepareHistory } from './queries/history.ts';
import { prepareHosts } from './queries/hosts.ts';
import { type ImageListing, type ImageRow, type ImageUser, prepareImages } from './queries/images.ts';
import { type OperationListing, prepareOperationQueries } from './queries/operations.ts';
import { type OverdueRange, prepareOverdue } from './queries/overdue.ts';
import type { Page } from './queries/pages/page.ts';
import { prepareUsage, type UsageListing } from './queries/usage.ts';
import { prepareVmLocation, type VmLocation } from './queries/vm-location.ts';
import type { VmListing } from './queries/vms/vm-listing.ts';
import { prepareVmQueries } from './queries/vms/vms.ts';
import { SCHEMA_VERSION } from './tables.ts';
import { viewOfVm } from './vm-view.ts';

/** The stream sequences that the rows of `state` include. */
export interface Positions {
  readonly events: number;
  readonly work: number;
}

/** The files do not exist yet: the projector has not caught up for the first time. */
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

/** The pointer is read no more often than this. */
const CHECK_EVERY_MS = 200;

export interface ReaderOptions {
  readonly directory: string;
  /** `on-call`: an open file is kept until `follow` is called, so that several queries read the same file. */
  readonly switches?: 'by-itself' | 'on-call';
}

class CurrentFile<Queries> {
  readonly #directory: string;
  readonly #kind: Kind;
  readonly #prepare: (db: Db) => Queries;
  readonly #checkEveryMs: number;
  #open: { file: string; db: Db; queries: Queries } | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor({ directory, switches = 'by-itself' }: ReaderOptions, kind: Kind, prepare: (db: Db) => Queries) {
    this.#directory = directory;
    this.#kind = kind;
    this.#prepare = prepare;
    this.#checkEveryMs = switches === 'by-itself' ? CHECK_EVERY_MS : Number.POSITIVE_INFINITY;
  }

  /** @throws ReadModelNotReady */
  get queries(): Queries {
    if (!this.#open || performance.now() - this.#checkedAt > this.#checkEveryMs) this.follow();
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

  follow(): void {
    this.#checkedAt = performance.now();
    const file = currentFile(this.#directory, this.#kind);
    if (file !== undefined && file === this.#open?.file) return;
    // The projector retracts a damaged file before it has another: no answer is better than a wrong one.
    this.close();
    if (file === undefined) return;
    const db = openReadOnly(file);
    if (shapeOf(db) !== SCHEMA_VERSION) {
      // Of another schema version: its projector is rebuilding it.
      db.close();
      return;
    }
    const queries = this.#prepare(db);
    this.#open = { file, db, queries };
  }
}

export interface Reader {
  positions(): Positions;
  /** The sequence of EVENTS that `history` includes; it is a separate file, which may exist without the other. */
  historyPosition(): number;
  vm(tenant: TenantId, id: VmId): VmView | undefined;
  aggregate(tenant: TenantId, id: VmId): Vm | undefined;
  vmThen(tenant: TenantId, id: VmId, pointInTime: PointInTime): VmView | undefined;
  /** `undefined`: not a valid cursor. */
  vms(tenant: TenantId, listing: VmListing): Page<VmView> | undefined;
  vmLocation(tenant: TenantId, id: VmId): VmLocation | undefined;
  operation(tenant: TenantId, id: CommandId): OperationState | undefined;
  operations(tenant: TenantId, listing: OperationListing): Page<OperationState> | undefined;
  /** The spec of a create that waits for a host; `undefined`: it does not wait, or is not folded yet. */
  waitingSpec(tenant: TenantId, id: CommandId): VmSpec | undefined;
  vmEvents(tenant: TenantId, id: VmId, range: EventRange): readonly PastEvent[];
  /** The tenant's events and those of hosts, in sequence order. */
  history(tenant: TenantId, range: EventRange): readonly PastEvent[];
  attention(tenant: TenantId, wanted: { readonly hosts: boolean }): readonly AttentionItem[];
  /** `undefined`: not a valid cursor of this list. */
  usage(tenant: TenantId, listing: UsageListing, now: Timestamp): Page<UsageItem | DayUsage | TenantUsage> | undefined;
  /** Every host on record, as shown while it sends no heartbeats; by id. */
  hosts(): readonly SilentHost[];
  image(id: ImageId): ImageRow | undefined;
  /** By id. */
  images(listing: ImageListing): readonly ImageRow[];
  /** A VM that lives, or a create that waits; of `tenant` before any other's. */
  imageUser(id: ImageId, tenant: TenantId): ImageUser | undefined;
  /** Past their deadline and not recorded as stuck; oldest first, limited per search. */
  overdueTasks(now: Timestamp): readonly Vm[];
  /** Tenants with commands past their `startBy`, ordered by id. */
  overdueTenants(now: Timestamp): readonly TenantId[];
  overdueCommands(tenant: TenantId, range: OverdueRange): readonly WorkCommand[];
  /** Past their time to live, without a delete in progress or by recovery; oldest first, limited per search. */
  expiredVms(now: Timestamp): readonly Vm[];
  attentionCounts(): AttentionCounts;
  dueRestarts(now: Timestamp): readonly Vm[];
  /** Opens what the pointers name now. */
  follow(): void;
  close(): void;
}

/** Every query names the tenant (P9), except for those of hosts and images, which all tenants share, and of recovery. Each may throw ReadModelNotReady. */
export const openReader = (options: ReaderOptions): Reader => {
  const state = new CurrentFile(options, 'state', prepareState);
  const past = new CurrentFile(options, 'history', preparePast);
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
    usage: (tenant, listing, now) => state.queries.usage(tenant, listing, now),
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
    follow: () => {
      state.follow();
      past.follow();
    },
    close: () => {
      state.close();
      past.close();
    },
  };
};
