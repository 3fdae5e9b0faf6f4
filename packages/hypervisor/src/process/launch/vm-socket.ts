// The VM's socket in a process's arguments, which identifies the VM and the epoch (P5). It is read only after the options
// that name a hypervisor's socket, in each spelling that the programs accept, because a tenant sets one of QEMU's
// arguments (`-append`).

const OPTIONS: ReadonlySet<string> = new Set(['--api-socket', '--api-sock', '-qmp', '--qmp']);

/** `/a/vm/e3.sock`, `path=/a/vm/e3.sock`, `unix:/a/vm/e3.sock`. VM directories contain no comma. */
const SOCKET = /^(?:unix:)?(?:path=)?(\/.*\/e\d{1,15}\.sock)$/;

/** The absolute path of the socket; null when the NUL-separated command line names none. */
export function socketIn(cmdline: string): string | null {
  const argv = cmdline.split('\0');
  for (const [index, argument] of argv.entries()) {
    const path = socketAmong(valueBehind(argument, argv[index + 1]));
    if (path !== null) return path;
  }
  return null;
}

/** For `--option value` and `--option=value`; undefined: another option. */
function valueBehind(argument: string, next: string | undefined): string | undefined {
  if (OPTIONS.has(argument)) return next;
  const equals = argument.indexOf('=');
  return equals > 0 && OPTIONS.has(argument.slice(0, equals)) ? argument.slice(equals + 1) : undefined;
}

/** The options' values are lists (`unix:/a/vm/e3.sock,server=on`), in any order. */
function socketAmong(value: string | undefined): string | null {
  for (const part of value?.split(',') ?? []) {
    const path = SOCKET.exec(part)?.[1];
    if (path !== undefined) return path;
  }
  return null;
}
