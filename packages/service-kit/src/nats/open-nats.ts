/** A service's own link to NATS: to our servers, and to none that would forget what it has acknowledged. */

import { natsSettings } from '../config/environment.ts';
import type { Runtime } from '../lifecycle/runtime.ts';
import type { SelfStop } from '../lifecycle/self-stop.ts';
import { connectNats, type NatsLink } from './connection.ts';
import { requireDurability } from './durability.ts';

export interface OpenNatsOptions {
  readonly config: Parameters<typeof natsSettings>[0];
  /** Shown on nats-server's monitoring pages. */
  readonly name: string;
  /** Once its signal has aborted, nothing is opened any more. */
  readonly runtime: Pick<Runtime, 'logger' | 'health' | 'metrics' | 'signal'>;
  readonly selfStop: SelfStop;
}

/**
 * P1: what a service promises rests on the servers' fsync.
 * @throws ConfigError as `connectNats` and `requireDurability` do, the signal's reason when aborted; nothing of it is open then.
 */
export const openNats = async ({ config, name, runtime, selfStop }: OpenNatsOptions): Promise<NatsLink> => {
  const settings = natsSettings(config);
  const link = await connectNats({ settings, name, runtime, selfStop });
  try {
    await requireDurability({ connection: link.connection, settings, logger: runtime.logger });
    runtime.signal.throwIfAborted();
    return link;
  } catch (error) {
    await link.drain();
    throw error;
  }
};
