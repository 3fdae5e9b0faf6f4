// Reads a hypervisor's own API description, where a copy lies beside the project: its requests and their bodies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Schema, schemaSchema } from './validate.fixture.ts';

const FOLDER = fileURLToPath(new URL('../../../../../shared/specs/', import.meta.url));

const bodySchema = z.object({ schema: schemaSchema });
const operationSchema = z.object({
  /** OpenAPI 3 */
  requestBody: z.object({ content: z.object({ 'application/json': bodySchema }) }).optional(),
  /** Swagger 2 */
  parameters: z.array(z.object({ in: z.string(), schema: schemaSchema.optional() })).optional(),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }).optional(),
  definitions: z.record(z.string(), schemaSchema).optional(),
});

export interface Description {
  readonly definitions: Readonly<Record<string, Schema>>;
  /** Null: no such request; undefined: it has no body. */
  readonly bodyOf: (method: string, path: string) => Schema | undefined | null;
}

/** Null, with a printed line, where the file is missing. @throws when redocly, which reads it, does not run. */
export function descriptionOf(name: 'cloud-hypervisor' | 'firecracker'): Description | null {
  const file = join(FOLDER, `${name}.yaml`);
  if (!existsSync(file)) {
    console.warn(`requests are not compared with ${name}'s API description: no ${file}`);
    return null;
  }
  const document = documentSchema.parse(asJson(file));
  const paths = Object.entries(document.paths).map(([template, operations]) => ({
    matches: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
    operations,
  }));
  return {
    definitions: document.components?.schemas ?? document.definitions ?? {},
    bodyOf: (method, path) => {
      const operation = paths.find(({ matches }) => matches.test(path))?.operations[method.toLowerCase()];
      if (operation === undefined) return null;
      return (
        operation.requestBody?.content['application/json'].schema ??
        operation.parameters?.find(({ in: where }) => where === 'body')?.schema
      );
    },
  };
}

function asJson(file: string): unknown {
  const directory = mkdtempSync(join(tmpdir(), 'ironlog-description-'));
  try {
    const output = join(directory, 'description.json');
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', HOME: directory };
    const { status, error, stderr } = spawnSync('redocly', ['bundle', file, '--ext=json', `--output=${output}`], {
      ...{ cwd: directory, encoding: 'utf8', env },
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`redocly bundle ${file}: ${stderr}`);
    return JSON.parse(readFileSync(output, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
