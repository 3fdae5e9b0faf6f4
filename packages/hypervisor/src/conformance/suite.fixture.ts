// What every driver promises, as one suite that each runs on real processes.
import { describe } from 'vitest';
import { behindOurBack } from './behind-our-back.fixture.ts';
import { deaths } from './deaths.fixture.ts';
import { devices } from './devices.fixture.ts';
import { harm } from './harm.fixture.ts';
import { life } from './life.fixture.ts';
import { shutDownByAnother } from './shut-down-by-another.fixture.ts';
import { snapshots, whyNoSnapshots } from './snapshots.fixture.ts';
import { states } from './states.fixture.ts';
import type { Subject } from './subject.fixture.ts';

export function conformance(subject: Subject): void {
  describe(`the port, served by ${subject.name}`, () => {
    life(subject);
    states(subject);
    harm(subject);
    deaths(subject);
    behindOurBack(subject);
  });
}

/** What a simulator only pretends to: devices that are opened. */
export function realDevices(subject: Subject): void {
  describe(`the devices of ${subject.name}`, () => devices(subject));
}

/** Some kernels cannot save what a hypervisor asks of them: then that is said, and nothing is tested. */
export async function snapshotsWhereTheyWork(subject: Subject): Promise<void> {
  const why = await whyNoSnapshots(subject);
  if (why === null) snapshots(subject);
  else console.warn(`snapshots of ${subject.name} are not tested: this machine cannot take one (${why})`);
}

/** What only Cloud Hypervisor's API has: a guest that is shut down under a process that stays. */
export function cloudHypervisors(subject: Subject): void {
  describe(`Cloud Hypervisor's API, served by ${subject.name}`, () => shutDownByAnother(subject));
}

/** Its first part, for a guest that takes seconds to boot. */
export function lifeOnly(subject: Subject): void {
  describe(`the port, served by ${subject.name}`, () => life(subject));
}
