// Which late commands are looked at next: each tenant's share of a round, on from where its last turn ended. Neither what
// cannot be decided nor a tenant with very many of them keeps the others waiting.
import type { OverdueRange } from '@ironlog/read-model';
import type { TenantId, Timestamp, WorkCommand } from '@ironlog/schemas';
import type { Reads } from './reads.ts';

export class OverdueTurns {
  readonly #perRound: number;
  /** The last command looked at, of tenants that have more than fitted in their turn. */
  readonly #places = new Map<TenantId, OverdueRange['after']>();
  #last: TenantId | undefined;

  /** `perRound`: commands looked at in one round, at most. */
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
        // Before it is tried: what fails is passed by as well, until all others have had their turn.
        this.#places.set(tenant, { startBy: command.data.request.startBy, id: command.id });
        yield command;
      }
      if (commands.length < limit) this.#places.delete(tenant);
    }
  }

  /** `tenants`, sorted, with the one after the last turn's first. */
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
