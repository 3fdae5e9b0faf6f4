// Whether a process's arguments name a VM's directory, in any form. It may then be that VM's hypervisor, although its
// socket and epoch are unknown.

/** Files for people and their tools; a process with one of them in its arguments is no hypervisor. */
const READ_BY_PEOPLE: ReadonlySet<string> = new Set(['console.log', 'hypervisor.log', 'vm.json', 'launch.json']);
const BEFORE = new Set(['', '=', ':', ',', ' ', '"', "'"]);
const AFTER = /^(?:$|[,;:"' ]|\/([^\0,;:"' /]*))/;

/** `directory` is absolute; the command line is separated by NULs. */
export function namesDirectory(cmdline: string, directory: string): boolean {
  if (!cmdline.includes(directory)) return false;
  const argv = cmdline.split('\0');
  // The process reads files for people.
  const looksAt = argv.some((argument) => readsIn(argument, directory));
  return !looksAt && argv.some((argument) => mentions(argument, directory).length > 0);
}

const readsIn = (argument: string, directory: string): boolean =>
  mentions(argument, directory).some((name) => READ_BY_PEOPLE.has(name));

/** The file names after the directory; '' is the directory itself. */
function mentions(argument: string, directory: string): string[] {
  const names: string[] = [];
  for (let at = argument.indexOf(directory); at >= 0; at = argument.indexOf(directory, at + 1)) {
    const after = AFTER.exec(argument.slice(at + directory.length));
    if (after !== null && BEFORE.has(argument.charAt(at - 1))) names.push(after[1] ?? '');
  }
  return names;
}
