// Dependencies point one way: schemas <- domain <- (event-log, hypervisor, image-store, read-model, service-kit) <- services; the domain is
// pure; every import is of a declared package's public name, or within its own workspace.
import { dirname, join, normalize } from 'node:path';
import { importsOf, packageOf } from './imports.ts';
import type { SourceFile, Workspace } from './workspaces.ts';

const PURE = 'packages/domain';
/** The workspaces that each may import; `infra` and `test` may import any. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  [PURE]: ['schemas'],
  'packages/event-log': ['schemas', 'domain'],
  'packages/hypervisor': ['schemas', 'domain'],
  'packages/image-store': ['schemas', 'domain'],
  'packages/read-model': ['schemas', 'domain'],
  'packages/service-kit': ['schemas', 'domain'],
  'services/api-gateway': ['schemas', 'domain', 'event-log', 'image-store', 'read-model', 'service-kit'],
  'services/vm-executor': ['schemas', 'domain', 'event-log', 'hypervisor', 'image-store', 'service-kit'],
  'services/state-projector': ['schemas', 'domain', 'event-log', 'read-model', 'service-kit'],
  'services/recovery-worker': ['schemas', 'domain', 'event-log', 'read-model', 'service-kit'],
};
const ABOVE_ALL: readonly string[] = ['infra', 'infra/generate', 'test'];

const isTest = (path: string): boolean => /\.(test|fixture)\.ts$|\/(fixtures|conformance)\//.test(path);

/** The root's dependencies for tests and tools. */
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
  // Shared test code; a service must never load it.
  if (specifier === `${to.name}/testing` && isTest(file.path)) return undefined;
  if (specifier !== to.name) return `${file.path} imports ${specifier}: only ${to.name} itself is public`;
  if (from === to || ABOVE_ALL.includes(from.folder) || isTest(file.path)) return undefined;
  const allowed = MAY_IMPORT[from.folder];
  if (allowed === undefined) return `${from.folder} is not in the order of workspaces: add it in infra/check`;
  if (allowed.some((name) => to.name === `@ironlog/${name}`)) return undefined;
  return `${file.path} imports ${to.name}: ${from.folder} must not depend on ${to.folder}`;
};

const checkImport = (all: readonly Workspace[], from: Workspace, found: Import): string | undefined => {
  const { file, specifier } = found;
  if (specifier.startsWith('.')) return checkOwn(from, found);
  if (from.folder === PURE && specifier.startsWith('node:') && !isTest(file.path))
    return `${file.path} imports ${specifier}: the domain is pure, without I/O, clock or Node`;
  const name = packageOf(specifier);
  if (name === undefined) return undefined;
  const declared = from.dependencies.includes(name) || FROM_ROOT.has(name) || name === from.name;
  if (!declared) return `${file.path} imports ${name}, which ${from.folder}/package.json does not declare`;
  const to = all.find((workspace) => workspace.name === name);
  return to && checkWorkspace(from, to, found);
};

/** One sentence for each import that breaks the rule; empty when none does. */
export const checkDirection = (workspaces: readonly Workspace[]): readonly string[] =>
  workspaces.flatMap((from) =>
    from.files.flatMap((file) =>
      importsOf(file.text).flatMap((specifier) => checkImport(workspaces, from, { file, specifier }) ?? []),
    ),
  );
