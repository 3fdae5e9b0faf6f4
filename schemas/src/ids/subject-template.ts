// A subject with its ids replaced by what they are, so that telemetry can group by it: few templates, any number of subjects.
import { SUBJECT_PREFIX } from './subjects.ts';

/** The ids of each kind of subject, in their order; what follows them (a verb, a class) is one of few words and stays. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  cmd: ['tenant', 'vm'],
  work: ['host', 'tenant', 'vm'],
  'evt.vm': ['tenant', 'vm', 'writer'],
  'evt.cmd': ['tenant', 'writer'],
  'evt.host': ['host', 'writer'],
};

/** `undefined`: the subject is not one that this system writes. Give it only what has been parsed: it checks no id. */
export const subjectTemplate = (subject: string): string | undefined => {
  const [prefix, ...tokens] = subject.split('.');
  const kind = tokens[0] === 'evt' ? tokens.splice(0, 2).join('.') : tokens.shift();
  const ids = IDS[kind ?? ''];
  // One word follows the ids of every kind.
  if (prefix !== SUBJECT_PREFIX || !ids || tokens.length !== ids.length + 1) return undefined;
  const named = tokens.map((token, at) => {
    const name = ids[at];
    return name === undefined || (name === 'host' && token === 'any') ? token : `{${name}}`;
  });
  return [SUBJECT_PREFIX, kind, ...named].join('.');
};
