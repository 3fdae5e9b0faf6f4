// The VM's socket among a process's arguments, which tells whose process it is (P5): read where our drivers put it and
// nowhere else, for a tenant writes one of QEMU's arguments (`-append`).

/**
 * By option, the whole argument that follows it: Cloud Hypervisor's and the simulator's is the path, QEMU's is a list
 * (unix:/a/vm/e3.sock,server=on). No directory of ours has a comma in it.
 */
const FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['--api-socket', /^(\/[^,]*\/e\d{1,15}\.sock)$/],
  ['--api-sock', /^(\/[^,]*\/e\d{1,15}\.sock)$/],
  ['-qmp', /^unix:(\/[^,]*\/e\d{1,15}\.sock)(?:,.*)?$/],
]);

/** The absolute path of the socket; null when the NUL-separated command line names none. */
export function socketIn(cmdline: string): string | null {
  const argv = cmdline.split('\0');
  for (const [index, argument] of argv.entries()) {
    const path = FORMS.get(argument)?.exec(argv[index + 1] ?? '')?.[1];
    if (path !== undefined) return path;
  }
  return null;
}
