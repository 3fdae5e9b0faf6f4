// An operator asks for a rebuild by making the file `rebuild-state` or `rebuild-history`; taking it up removes it.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from '@ironlog/read-model';

const CHECK_EVERY_MS = 500;

export interface RequestWatch {
  readonly directory: string;
  readonly kind: Kind;
  readonly signal: AbortSignal;
  readonly onRequest: () => void;
}

/** The request is gone before it is followed: one that comes meanwhile is another. */
export const watchRequests = ({ directory, kind, signal, onRequest }: RequestWatch): void => {
  const request = join(directory, `rebuild-${kind}`);
  const timer = setInterval(() => {
    if (!existsSync(request)) return;
    rmSync(request, { force: true });
    onRequest();
  }, CHECK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};
