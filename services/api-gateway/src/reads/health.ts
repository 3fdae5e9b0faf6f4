// Whether the read model can be read, for readiness: without it no command can be routed to its VM's owner.
import { ReadModelNotReady } from '@ironlog/read-model';
import type { Health } from '@ironlog/service-kit';
import type { Reads } from './port.ts';

export const registerReadModelCheck = (health: Health, reads: Pick<Reads, 'positions'>): (() => void) =>
  health.register('read-model', () => {
    try {
      reads.positions();
      return { ok: true };
    } catch (error) {
      // Readiness is for anybody to read, and the error names a path.
      if (error instanceof ReadModelNotReady) return { ok: false, reason: 'there is no read model yet' };
      throw error;
    }
  });
