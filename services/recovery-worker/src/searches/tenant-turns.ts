// Picks the late commands to check next: each tenant's share of a round, continued after its last turn. Neither an
// undecidable command nor a tenant with very many delays the others.
import type { OverdueRange } from '@ironlog/read-model';
import type { TenantId, Timestamp, WorkCommand } from '@ironlog/schemas';
import type { Reads } from './reads.ts';

export class OverdueTurns {
  readonly #perRound: number;
  /** The last command checked, for tenants with more than fitted in their turn. */
  readonly #places = new Map<TenantId, OverdueRange['after']>();
  #last: TenantId | undefined;

  /** `perRound`: the maximum of commands checked in one round. */
  constructor(perRound: number) {
    this.#perRound = perRound;
  }

  *round(reads: Pick<Reads, 'overdueTenants' | 'overdueCommands'>, now: Timestamp): Generator<WorkCommand> {
    const tenants = this.#inTurn(reads.overdueTenants(now)).slice(0, this.#perRound);
    const limit = Math.floor(this.#perRound / tenants.length);
    for (const tenant of tenants) {
      this.#last = tenant;
      const commands = reads.overdueCommands(tenant, { now, after: this.#places.get(tenant), limit });
      for (const command of commands) {
        // Noted before the attempt: a failing command is skipped, too, until all others had their turn.
        this.#places.set(tenant, { startBy: command.data.request.startBy, id: command.id });
        yield command;
      }
      if (commands.length < limit) this.#places.delete(tenant);
    }
  }

  /** `tenants`, sorted, beginning with the one after the last turn. */
  #inTurn(tenants: readonly TenantId[]): readonly TenantId[] {
    const last = this.#last;
    const next =
      last === undefined
        ? 0
        : Math.max(
            0,
            tenants.findIndex((tenant) => tenant > last),
          );
    return [...tenants.slice(next), ...tenants.slice(0, next)];
  }
}
