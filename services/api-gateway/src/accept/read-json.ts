// Parses a body's text as JSON, and refuses members with a meaning in JavaScript. A reason never repeats the input.

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: 'invalid-json' | 'invalid-request'; readonly reason: string };

/** A byte order mark at the start is skipped, as RFC 8259 permits. */
export const readJson = (body: string): ReadJson => {
  const text = body.startsWith('\ufeff') ? body.slice(1) : body;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, code: 'invalid-json', reason: `it is not JSON: ${faultOf(text, String(error))}` };
  }
  const member = forbiddenIn(value);
  return member === undefined
    ? { ok: true, value }
    : { ok: false, code: 'invalid-request', reason: `a member ${member} is refused at any depth` };
};

/** From V8's messages, which have a position for every fault but an unexpected token, where they quote the text. */
const faultOf = (text: string, message: string): string => {
  const [, what, position] = /^SyntaxError: ([^"']+?)(?: in JSON)? at position (\d+)/.exec(message) ?? [];
  if (what !== undefined) return `${what[0]?.toLowerCase()}${what.slice(1)} at ${placeOf(text, Number(position))}`;
  if (message.includes('Unexpected end')) return `unexpected end at ${placeOf(text, text.length)}`;
  return `unexpected character at ${placeOf(text, unexpectedIn(text))}`;
};

const placeOf = (text: string, position: number): string => {
  const before = text.slice(0, position);
  return `line ${before.split('\n').length}, column ${position - before.lastIndexOf('\n')}`;
};

/** The shortest prefix with an unexpected token ends with it. */
const unexpectedIn = (text: string): number => {
  let openCount = 0;
  let badAt = text.length;
  while (badAt - openCount > 1) {
    const middle = (openCount + badAt) >>> 1;
    if (hasUnexpected(text.slice(0, middle))) badAt = middle;
    else openCount = middle;
  }
  return openCount;
};

const hasUnexpected = (text: string): boolean => {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return String(error).startsWith('SyntaxError: Unexpected token');
  }
};

/** A body with one of these members is no command: refused, not stripped. Without recursion, because a body may be deep. */
const forbiddenIn = (value: unknown): string | undefined => {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__')) return '__proto__';
    const members: unknown[] = Object.values(next);
    if (Object.hasOwn(next, 'constructor') && 'constructor' in next && hasPrototype(next.constructor))
      return 'constructor.prototype';
    open.push(...members);
  }
  return undefined;
};

const hasPrototype = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
