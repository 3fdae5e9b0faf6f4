// The workspaces of the project: their names, folders, declared dependencies and source files.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const rootSchema = z.object({ workspaces: z.array(z.string()) });
const packageSchema = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

export interface Workspace {
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** `inner`: workspaces may be nested; a file belongs to the innermost. */
const readWorkspace = (root: string, folder: string, inner: readonly string[]): Workspace => {
  const { name, dependencies, devDependencies } = packageSchema.parse(json(join(root, folder, 'package.json')));
  const paths = globSync(`${folder}/**/*.ts`, { cwd: root, exclude: (path) => path.includes('node_modules') }).filter(
    (path) => !inner.some((other) => path.startsWith(`${other}/`)),
  );
  return {
    name,
    folder,
    dependencies: [...Object.keys(dependencies), ...Object.keys(devDependencies)],
    files: paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  };
};

/** `root`: absolute path of the project. */
export const readWorkspaces = (root: string): readonly Workspace[] => {
  const { workspaces } = rootSchema.parse(json(join(root, 'package.json')));
  const manifests = workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }));
  const folders = manifests.map((manifest) => dirname(manifest)).sort();
  return folders.map((folder) =>
    readWorkspace(
      root,
      folder,
      folders.filter((other) => other.startsWith(`${folder}/`)),
    ),
  );
};
