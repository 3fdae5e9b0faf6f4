// Runs redocly's recommended rules on the OpenAPI document; errors and warnings both count.
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { CACHE_DIR, ROOT } from '../dev/paths.ts';

const resultSchema = z.object({
  problems: z.array(
    z.object({
      ruleId: z.string(),
      message: z.string(),
      location: z.array(z.object({ pointer: z.string().optional() })),
    }),
  ),
});

/** One sentence per problem; empty when there is none. @throws when redocly does not run. */
export const apiProblems = (document: string): readonly string[] => {
  const { stdout, stderr, error } = spawnSync(
    'redocly',
    ['lint', '--extends=recommended', '--format=json', document],
    // No telemetry, and no files in the user's home.
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', HOME: CACHE_DIR },
    },
  );
  if (error) throw error;
  const start = stdout.indexOf('{');
  if (start < 0) throw new Error(`redocly printed no result: ${stderr}`);
  return resultSchema
    .parse(JSON.parse(stdout.slice(start)))
    .problems.map(
      ({ ruleId, message, location }) => `${document}${location[0]?.pointer ?? ''}: ${message} (${ruleId})`,
    );
};
