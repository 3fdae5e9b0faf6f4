// Bugs in modules that are imported directly: the test replaces these functions by faulty ones while their switch is on.

/**
 * `findAllByDirectory` finds nothing; `killProcess` reports a process as dead and lets it live; `decide` forgets every command
 * that the VM has seen.
 */
export type Switch = 'findAllByDirectory' | 'killProcess' | 'decide';

export const switchedOn = new Set<Switch>();
