// `npm run check`: types, lint and format, direction of dependencies, SQL, and whether what is generated is current.
import { spawnSync } from 'node:child_process';
import { builtSql } from '../check/built-sql.ts';
import { wrongImports } from '../check/dependencies.ts';
import { ROOT } from './paths.ts';
import { say } from './say.ts';

const runs = (title: string, command: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync(command, [...args], { cwd: ROOT, stdio: 'inherit' });
  const ok = status === 0;
  say(`${ok ? 'ok  ' : 'FAIL'} ${title}${error ? `: ${error.message}` : ''}`);
  return ok;
};

const isEmpty = (title: string, problems: readonly string[]): boolean => {
  for (const problem of problems) process.stderr.write(`  ${problem}\n`);
  say(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${title}`);
  return problems.length === 0;
};

const results = [
  runs('types (tsc)', 'turbo', ['run', '//#types', '--output-logs=errors-only']),
  runs('lint and format (biome)', 'biome', ['check', '--error-on-warnings', '.']),
  isEmpty('direction of dependencies', wrongImports()),
  isEmpty('no SQL is put together from parts', builtSql()),
  runs('generated files', process.execPath, [
    '--disable-warning=ExperimentalWarning',
    'infra/generate/main.ts',
    '--check',
  ]),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
