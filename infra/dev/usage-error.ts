// What the person at the keyboard gave and cannot be: ended with its sentence and sysexits' EX_USAGE, without a stack.
export class UsageError extends Error {
  override readonly name = 'UsageError';
  static readonly exitCode = 64;
}
