// A subject with its ids replaced by their kinds, so that telemetry can group subjects by a small number of templates.
import { SUBJECT_PREFIX } from './subjects.ts';

/** The ids of each kind of subject, in order; the token after them (a verb, a class) has few values and stays. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  cmd: ['tenant', 'vm'],
  work: ['host', 'tenant', 'vm'],
  'evt.vm': ['tenant', 'vm', 'writer'],
  'evt.cmd': ['tenant', 'writer'],
  'evt.host': ['host', 'writer'],
  'evt.image': ['image', 'writer'],
};

/** `undefined`: not a subject of this system. It validates no id: pass only parsed subjects. */
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
