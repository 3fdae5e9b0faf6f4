// The contract of every event log adapter: one suite, run against memory and against a real nats-server.
import { afterEach, describe } from 'vitest';
import { describeAppend } from './conformance/appending.ts';
import type { LogUnderTest } from './conformance/log-under-test.ts';
import { describeLostAnswers } from './conformance/lost-answers.ts';
import { describeReading } from './conformance/reading.ts';

export const describeEventLog = (name: string, make: () => LogUnderTest): void => {
  describe(`event log: ${name}`, () => {
    afterEach(async () => {
      make().lose('nothing');
      // An answer proves that the link is restored before the next test.
      await make().log.info();
    });
    describeAppend(make);
    describeLostAnswers(make);
    describeReading(make);
  });
};
