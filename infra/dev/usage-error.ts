// An invalid option or argument of the user: ends with its message and sysexits' EX_USAGE, without a stack.
export class UsageError extends Error {
  override readonly name = 'UsageError';
  static readonly exitCode = 64;
}
