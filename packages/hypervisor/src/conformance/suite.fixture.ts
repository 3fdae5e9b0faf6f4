// What every driver guarantees, as one suite that runs on real processes.
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

/** Real devices, which a simulator does not open. */
export function realDevices(subject: Subject): void {
  describe(`the devices of ${subject.name}`, () => devices(subject));
}

/** Some kernels lack what a hypervisor needs to save: the reason is printed, and nothing is tested. */
export async function snapshotsWhereTheyWork(subject: Subject): Promise<void> {
  const why = await whyNoSnapshots(subject);
  if (why === null) snapshots(subject);
  else console.warn(`snapshots of ${subject.name} are not tested: this machine cannot take one (${why})`);
}

/** For Cloud Hypervisor's API only: a guest is shut down and its process stays. */
export function cloudHypervisors(subject: Subject): void {
  describe(`Cloud Hypervisor's API, served by ${subject.name}`, () => shutDownByAnother(subject));
}

/** The lifecycle part, for a guest that boots slowly. */
export function lifeOnly(subject: Subject): void {
  describe(`the port, served by ${subject.name}`, () => life(subject));
}
