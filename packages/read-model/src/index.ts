// The read model: SQLite files folded from the log, written by the projector, read by everyone else.
export { type Checkpoint, whyAnotherStream } from './checkpoint.ts';
export { type Db, openReadOnly, openWriter, shapeOf } from './database.ts';
export { currentFile, type Kind, nextFile, publish, retract } from './generation.ts';
export type { LogEntry, LogIdentity } from './log-entry.ts';
export { createHistoryProjection } from './projections/history.ts';
export { createPendingProjection } from './projections/pending.ts';
export { type Folded, foldAndCommit, type Projection } from './projections/projection.ts';
export { createStateProjection } from './projections/state.ts';
export type { Page } from './queries/cursor.ts';
export type { EventRange, Moment, PastEvent } from './queries/history.ts';
export type { OperationListing } from './queries/operations.ts';
export type { OverdueRange } from './queries/overdue.ts';
export type { UsageRange } from './queries/usage.ts';
export type { VmListing } from './queries/vms.ts';
export type { Whereabouts } from './queries/whereabouts.ts';
export { openReader, type Positions, type Reader, ReadModelNotReady } from './reader.ts';
export { HISTORY_TABLES, SCHEMA_VERSION, STATE_TABLES } from './tables.ts';
export { viewOfPending, viewOfVm } from './vm-view.ts';
