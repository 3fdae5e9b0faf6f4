// SQL is never built from strings: outside tests, only a constant may be prepared or executed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../dev/paths.ts';

const FOLDERS = [
  'packages/read-model/src',
  'services/state-projector/src',
  'services/api-gateway/src',
  'services/recovery-worker/src',
];
/** A statement with an interpolation that is not a constant of its own file. */
const BUILT = /\b(?:prepare|exec)\s*(?:<[^(]*>)?\(\s*(?:`[^`]*\$\{(?!columns\b)|['"][^'"]*['"]\s*\+)/;

/** Files that build SQL from parts. */
export const builtSql = (): string[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join(folder, file))
      .filter((file) => BUILT.test(readFileSync(join(ROOT, file), 'utf8'))),
  );
