// The projector's failpoints: before and after each side effect (a batch's commit, the change to another file).
import type { Projection } from '@ironlog/read-model';
import type { Fail as FailAt } from '@ironlog/service-kit';

export const FAILPOINTS = ['before-commit', 'after-commit', 'before-swap', 'after-swap'] as const;
export type Failpoint = (typeof FAILPOINTS)[number];
export type Fail = FailAt<Failpoint>;

export const failingProjection = (projection: Projection, fail: Fail): Projection => ({
  checkpoint: () => projection.checkpoint(),
  fold: (batch) => projection.fold(batch),
  commit: () => {
    fail('before-commit');
    projection.commit();
    fail('after-commit');
  },
});
