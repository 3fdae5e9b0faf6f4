// The format of a message at the NATS ingress, as text for the sender of an invalid one.
import { SUBJECT_PREFIX } from '../ids/subjects.ts';
import { VERBS } from '../vm/vm-state.ts';

export const INGRESS_SHAPE =
  `${SUBJECT_PREFIX}.cmd.<tenant>.<vm>.<verb> with an empty body or a JSON object of ` +
  `{id?, params?, startBy?, expectedRevision?, traceparent?}, where verb is one of ${VERBS.join(', ')}`;

const LONGEST_SUBJECT = 200;

/** The reason for the rejection of a message whose subject is not a command's, with the expected shape. */
export const misaddressedReason = (subject: string): string =>
  `subject ${JSON.stringify(subject.slice(0, LONGEST_SUBJECT))} is not a command's; expected ${INGRESS_SHAPE}`;
