/** A value that cannot be printed by accident: every usual conversion to text gives `[secret]`. */
import { inspect } from 'node:util';
import { z } from 'zod';

const HIDDEN = '[secret]';

/** Holds a password or token; only `reveal()` returns it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it only where the value leaves the process (a connect call), and keep no copy. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** A zod field for a non-empty secret; `loadConfig` never prints the value of such a field. */
export const secretString = () =>
  z
    .string()
    .min(1)
    .transform((value) => new Secret(value))
    .meta({ secret: true, description: 'a non-empty secret' });
