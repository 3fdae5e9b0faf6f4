// `Ironlog-Position`: an opaque token for the log position of an answer, and the wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reads } from '../../reads/port.ts';
import { ProblemError } from '../problem.ts';

export const POSITION_HEADER = 'ironlog-position';
/** The longest wait of a GET for the read model, in milliseconds. */
const MAX_WAIT_MS = 2_000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

export type PositionReads = Pick<Reads, 'positions' | 'historyPosition'>;

export interface Position {
  readonly events: number;
  readonly work: number;
}

export const encodePosition = ({ events, work }: Position): string => `1.${events}.${work}`;

/** The documented format; a client must not build one. */
export const POSITION_PATTERN = '^1\\.\\d{1,15}\\.\\d{1,15}$';
const TOKEN = /^1\.(\d{1,15})\.(\d{1,15})$/;

/** Also accepts the base64url of earlier versions. @throws ProblemError on an invalid token. */
export const decodePosition = (token: string): Position => {
  const parts = TOKEN.exec(token) ?? TOKEN.exec(Buffer.from(token.slice(0, 100), 'base64url').toString());
  if (!parts)
    throw new ProblemError('invalid-request', 'Ironlog-Position is not a token of an answer', {
      errors: [{ path: 'headers.ironlog-position', message: 'unknown token' }],
    });
  return { events: Number(parts[1]), work: Number(parts[2]) };
};

/** The file that a route reads; each has its own checkpoint. */
export type ReadsFrom = 'state' | 'history';

/** The position of the route's file; `history` has none of WORK. */
export const positionOf = (reads: PositionReads, from: ReadsFrom): Position =>
  from === 'history' ? { events: reads.historyPosition(), work: 0 } : reads.positions();

const reached = (reads: PositionReads, wanted: Position, from: ReadsFrom): boolean => {
  const { events, work } = positionOf(reads, from);
  return events >= wanted.events && (from === 'history' || work >= wanted.work);
};

/** I7: a later read includes everything up to the position. @throws ProblemError on a timeout. */
export const awaitPosition = async (reads: PositionReads, wanted: Position, from: ReadsFrom): Promise<void> => {
  const deadline = performance.now() + MAX_WAIT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; !reached(reads, wanted, from); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() >= deadline)
      throw new ProblemError(
        'read-model-behind',
        `the read model has not reached it within ${MAX_WAIT_MS} ms; try again`,
      );
    await sleep(pauseMs);
  }
};
