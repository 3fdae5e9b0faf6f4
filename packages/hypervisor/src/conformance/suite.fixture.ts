// What every driver promises, as one suite that each runs on real processes.
import { describe } from 'vitest';
import { life } from './life.fixture.ts';
import type { Subject } from './subject.fixture.ts';

export function conformance(subject: Subject): void {
  describe(`the port, served by ${subject.name}`, () => {
    life(subject);
  });
}
