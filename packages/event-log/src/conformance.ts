// What every event log must do, whatever is underneath: one suite, run against memory and against a real nats-server.
import { afterEach, describe } from 'vitest';
import { describeAppend } from './conformance/appending.ts';
import type { LogUnderTest } from './conformance/log-under-test.ts';
import { describeLostAnswers } from './conformance/lost-answers.ts';
import { describeReading } from './conformance/reading.ts';

export const describeEventLog = (name: string, make: () => LogUnderTest): void => {
  describe(`event log: ${name}`, () => {
    afterEach(async () => {
      make().lose('nothing');
      // Answered: the link is back before the next test.
      await make().log.info();
    });
    describeAppend(make);
    describeLostAnswers(make);
    describeReading(make);
  });
};
