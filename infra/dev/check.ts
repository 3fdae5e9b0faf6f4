// `npm run check`: types, lint and format, direction of dependencies, SQL, and whether generated files are current.
import { spawnSync } from 'node:child_process';
import { apiProblems } from '../check/api-description.ts';
import { builtSql } from '../check/built-sql.ts';
import { checkDirection } from '../check/direction.ts';
import { unusedMetrics } from '../check/unused-metrics.ts';
import { readWorkspaces } from '../check/workspaces.ts';
import { CACHE_DIR, ROOT } from './paths.ts';
import { print } from './terminal/print.ts';

// The check sends no telemetry and writes nothing in the user's home (biome: $XDG_CACHE_HOME/biome).
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',

  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  XDG_CACHE_HOME: CACHE_DIR,
};

const runs = (title: string, command: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync(command, [...args], { cwd: ROOT, stdio: 'inherit', env });
  const ok = status === 0;
  print(`${ok ? 'ok  ' : 'FAIL'} ${title}${error ? `: ${error.message}` : ''}`);
  return ok;
};

const isEmpty = (title: string, problems: readonly string[]): boolean => {
  for (const problem of problems) process.stderr.write(`  ${problem}\n`);
  print(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${title}`);
  return problems.length === 0;
};

const USAGE = `npm run check
  Checks types, lint and format, import circles, the direction of dependencies, SQL, metrics, and that what is generated is current.
  --help   this text`;

if (process.argv.includes('--help')) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}

const results = [
  runs('types (tsc)', 'turbo', ['run', '//#types', '--output-logs=errors-only']),
  runs('lint and format (biome)', 'biome', ['check', '--error-on-warnings', '.']),
  isEmpty('direction of dependencies', checkDirection(readWorkspaces(ROOT))),
  isEmpty('no SQL is put together from parts', builtSql()),
  isEmpty('every metric is set somewhere', unusedMetrics()),
  isEmpty('API description (redocly)', apiProblems('schemas/openapi.json')),
  runs('generated files', process.execPath, [
    '--disable-warning=ExperimentalWarning',
    'infra/generate/main.ts',
    '--check',
  ]),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
