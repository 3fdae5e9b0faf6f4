// The rule of direction: schemas <- domain <- (event-log, hypervisor, read-model, service-kit) <- services, each import declared.
import { dirname, join, normalize } from 'node:path';
import { importsOf, packageOf } from './imports.ts';
import type { SourceFile, Workspace } from './workspaces.ts';

const SCOPE = '@ironlog/';

/** Lower may not import higher, and of the same layer only itself. */
const layerOf = (folder: string): number => {
  if (folder === 'schemas') return 0;
  if (folder === 'packages/domain') return 1;
  if (folder.startsWith('packages/')) return 2;
  return folder.startsWith('services/') ? 3 : 4;
};
/** The set-up and the scenarios stand above everything, and the scenarios use the set-up. */
const TOP = 4;

const isTest = (path: string): boolean => /\.(test|fixture)\.ts$|\/(fixtures|conformance)\//.test(path);

/** Only what was installed for tests and tools by the root. */
const FROM_ROOT: ReadonlySet<string> = new Set(['vitest', 'fast-check']);

interface Import {
  readonly file: SourceFile;
  readonly specifier: string;
}

const checkOwn = (from: Workspace, { file, specifier }: Import): string | undefined => {
  const target = normalize(join(dirname(file.path), specifier));
  const inside = target.startsWith(`${from.folder}/`);
  return inside
    ? undefined
    : `${file.path} imports ${specifier}, which is outside of ${from.folder}: import its package`;
};

const checkWorkspace = (from: Workspace, to: Workspace, { file, specifier }: Import): string | undefined => {
  if (specifier !== to.name) return `${file.path} imports ${specifier}: only ${to.name} itself is public`;
  const [low, high] = [layerOf(from.folder), layerOf(to.folder)];
  if (low > high || from === to || low === TOP || isTest(file.path)) return undefined;
  return `${file.path} imports ${to.name}: ${from.folder} must not depend on ${to.folder}`;
};

const checkImport = (all: readonly Workspace[], from: Workspace, found: Import): string | undefined => {
  const { file, specifier } = found;
  if (specifier.startsWith('.')) return checkOwn(from, found);
  const pure = layerOf(from.folder) === 1 && !isTest(file.path);
  if (pure && specifier.startsWith('node:'))
    return `${file.path} imports ${specifier}: the domain is pure, without I/O, clock or Node`;
  const name = packageOf(specifier);
  if (name === undefined) return undefined;
  const declared = from.dependencies.includes(name) || FROM_ROOT.has(name) || name === from.name;
  if (!declared) return `${file.path} imports ${name}, which ${from.folder}/package.json does not declare`;
  const to = all.find((workspace) => workspace.name === name);
  if (to) return checkWorkspace(from, to, found);
  return pure && name.startsWith(SCOPE) ? `${file.path} imports ${name}, which is no workspace` : undefined;
};

/** One sentence for each import that breaks the rule; empty when none does. */
export const checkDirection = (workspaces: readonly Workspace[]): readonly string[] =>
  workspaces.flatMap((from) =>
    from.files.flatMap((file) =>
      importsOf(file.text).flatMap((specifier) => checkImport(workspaces, from, { file, specifier }) ?? []),
    ),
  );
