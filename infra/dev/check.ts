// `npm run check`: types, lint and format, the direction of dependencies, generated files up to date; all of them, then the verdict.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkDirection } from '../check/direction.ts';
import { readWorkspaces } from '../check/workspaces.ts';
import { ROOT } from './paths.ts';
import { say } from './say.ts';

interface Check {
  readonly name: string;
  /** Whether all is well; what is not has been printed. */
  run(): boolean;
}

const program = (command: string, ...args: string[]): boolean => {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) say(`${command} does not start: ${error.message}`);
  return status === 0;
};
const tool = (name: string): string => join(ROOT, 'node_modules/.bin', name);

const checks: readonly Check[] = [
  { name: 'types', run: () => program(tool('tsc'), '--noEmit', '-p', 'tsconfig.json') },
  { name: 'lint and format', run: () => program(tool('biome'), 'check', '--error-on-warnings') },
  {
    name: 'dependency direction',
    run: () => {
      const wrong = checkDirection(readWorkspaces(ROOT));
      for (const sentence of wrong) say(sentence);
      return wrong.length === 0;
    },
  },
  {
    name: 'generated files',
    run: () => program(process.execPath, join(ROOT, 'schemas/src/generate.ts'), '--check'),
  },
];

const failed = checks.filter(({ name, run }) => {
  const ok = run();
  say(`${ok ? 'ok' : 'FAILED'}: ${name}`);
  return !ok;
});
process.exitCode = failed.length === 0 ? 0 : 1;
