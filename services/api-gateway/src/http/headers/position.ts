// `Ironlog-Position`: an opaque token for how far the log had got when an answer was given, and the wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reads } from '../../reads/port.ts';
import { ProblemError } from '../problem.ts';

export const POSITION_HEADER = 'ironlog-position';
/** How long a GET waits for the read model to get there. */
const MAX_WAIT_MS = 2_000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

export type PositionReads = Pick<Reads, 'positions' | 'historyPosition'>;

export interface Position {
  readonly events: number;
  readonly work: number;
}

export const encodePosition = ({ events, work }: Position): string => `1.${events}.${work}`;

/** What the document promises to take; whoever reads it must not build one. */
export const POSITION_PATTERN = '^1\\.\\d{1,15}\\.\\d{1,15}$';
const TOKEN = /^1\.(\d{1,15})\.(\d{1,15})$/;

/** Also takes the base64url that earlier versions gave. @throws ProblemError on a token that no answer gave. */
export const decodePosition = (token: string): Position => {
  const parts = TOKEN.exec(token) ?? TOKEN.exec(Buffer.from(token.slice(0, 100), 'base64url').toString());
  if (!parts)
    throw new ProblemError('invalid-request', 'Ironlog-Position is not a token that an answer gave', {
      errors: [{ path: 'headers.ironlog-position', message: 'unknown token' }],
    });
  return { events: Number(parts[1]), work: Number(parts[2]) };
};

/** Which file a route reads: each has a checkpoint of its own. */
export type ReadsFrom = 'state' | 'history';

/** How far the file behind a route has got; `history` knows nothing of WORK. */
export const positionOf = (reads: PositionReads, from: ReadsFrom): Position =>
  from === 'history' ? { events: reads.historyPosition(), work: 0 } : reads.positions();

const reached = (reads: PositionReads, wanted: Position, from: ReadsFrom): boolean => {
  const { events, work } = positionOf(reads, from);
  return events >= wanted.events && (from === 'history' || work >= wanted.work);
};

/** I7: after this, a read includes all that the position includes. @throws ProblemError when the bound passes first. */
export const awaitPosition = async (reads: PositionReads, wanted: Position, from: ReadsFrom): Promise<void> => {
  const deadline = performance.now() + MAX_WAIT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; !reached(reads, wanted, from); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() >= deadline)
      throw new ProblemError(
        'read-model-behind',
        `the read model has not got there within ${MAX_WAIT_MS} ms; try again`,
      );
    await sleep(pauseMs);
  }
};
