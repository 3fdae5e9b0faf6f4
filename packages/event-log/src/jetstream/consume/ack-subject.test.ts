import { expect, test } from 'vitest';
import { AckSubject } from './ack-subject.ts';

const subject = new AckSubject('EVENTS', 'reader7');
/** 2026-01-01T00:00:00.123Z and 456 microseconds. */
const STORED = '1767225600123456000';
const WHEN = new Date('2026-01-01T00:00:00.123Z');

test.each([
  ['as a server without domains writes it', `$JS.ACK.EVENTS.reader7.1.200017.42.${STORED}.9983`],
  ['with a domain and an account', `$JS.ACK.leaf.ABCDEF.EVENTS.reader7.1.200017.42.${STORED}.9983`],
  ['with a domain, an account and a token at the end', `$JS.ACK._.ABCDEF.EVENTS.reader7.1.200017.42.${STORED}.0.x9`],
])('the sequence and the time are read from a subject %s', (_, reply) => {
  expect(subject.sequence(reply)).toBe(200_017);
  expect(subject.storedAt(reply)).toEqual(WHEN);
});

test.each([
  '',
  '_INBOX.a.b',
  `$JS.ACK.EVENTS.another.1.2.3.${STORED}.0`,
  '$JS.ACK.EVENTS.reader7.1',
  '$JS.ACK.EVENTS.reader7.1.x.3',
])('another subject (%j) is refused', (reply) => expect(() => subject.sequence(reply)).toThrow());
