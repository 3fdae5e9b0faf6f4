// Whether the read model is readable, for readiness: without it no command can be routed to its VM's owner.
import { ReadModelNotReady } from '@ironlog/read-model';
import type { Health } from '@ironlog/service-kit';
import type { Reads } from './port.ts';

export const registerReadModelCheck = (health: Health, reads: Pick<Reads, 'positions'>): (() => void) =>
  health.register('read-model', () => {
    try {
      reads.positions();
      return { ok: true };
    } catch (error) {
      // Readiness is public, and the error's message has a path.
      if (error instanceof ReadModelNotReady) return { ok: false, reason: 'there is no read model yet' };
      throw error;
    }
  });
