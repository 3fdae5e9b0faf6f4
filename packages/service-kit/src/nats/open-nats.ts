/** A service's NATS link: to our servers only, and only to those that keep acknowledged messages. */

import { natsSettings } from '../config/environment.ts';
import type { Runtime } from '../lifecycle/runtime.ts';
import type { SelfStop } from '../lifecycle/self-stop.ts';
import { connectNats, type NatsLink } from './connection.ts';
import { requireDurability } from './durability.ts';

export interface OpenNatsOptions {
  readonly config: Parameters<typeof natsSettings>[0];
  /** Shown on nats-server's monitoring pages. */
  readonly name: string;
  /** After its signal has aborted, nothing is opened. */
  readonly runtime: Pick<Runtime, 'logger' | 'health' | 'metrics' | 'signal'>;
  readonly selfStop: SelfStop;
}

/**
 * P1: a service's promises depend on the servers' fsync.
 * @throws ConfigError like `connectNats` and `requireDurability`, or the signal's reason when aborted; no link is open then.
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
