// `npm run generate` writes the generated contract and references; with --check it only lists the outdated files, and fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openApiDocument } from '@ironlog/api-gateway';
import { print, ROOT } from '@ironlog/infra';
import { asyncApi } from './asyncapi.ts';
import { environmentReference, variableNames } from './environment.ts';
import { hypervisorsReference } from './hypervisors.ts';
import { jsonSchemas } from './json-schemas.ts';
import { metricsReference } from './metrics.ts';

/** These folders hold only generated files: outdated ones are deleted. */
const OWN_DIRECTORIES = ['schemas/json', 'docs/reference'];

const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** From a path in the project's folder to the text. */
const files = async (): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ['schemas/openapi.json', json(await openApiDocument())],
    ['schemas/asyncapi.json', json(asyncApi())],
    ...[...jsonSchemas()].map(([name, schema]): [string, string] => [`schemas/json/${name}.json`, json(schema)]),
    ['docs/reference/environment.md', environmentReference()],
    ['infra/dev/known-variables.json', json(variableNames())],
    ['docs/reference/metrics.md', metricsReference()],
    ['docs/reference/hypervisors.md', hypervisorsReference()],
  ]);

const there = (): string[] =>
  OWN_DIRECTORIES.flatMap((directory) => {
    const path = join(ROOT, directory);
    return existsSync(path) ? readdirSync(path).map((name) => `${directory}/${name}`) : [];
  });

const stale = (wanted: ReadonlyMap<string, string>): string[] => {
  const differs = ([name, text]: [string, string]): boolean => {
    const path = join(ROOT, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  };
  return [...there().filter((name) => !wanted.has(name)), ...[...wanted].filter(differs).map(([name]) => name)];
};

const USAGE = `npm run generate -- [--check]
  Writes the JSON Schemas, OpenAPI and AsyncAPI documents and the references from their sources.
  --check   writes nothing, and fails when one of them is not current
  --help    this text`;

const unknown = process.argv.slice(2).find((word) => !['--check', '--help'].includes(word));
if (unknown !== undefined) {
  print(`${JSON.stringify(unknown)} is not an option\n${USAGE}`);
  process.exit(64);
}
if (process.argv.includes('--help')) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const wanted = await files();
if (process.argv.includes('--check')) {
  const names = stale(wanted);
  if (names.length > 0) {
    print(`generated files are not current: ${names.join(', ')}; run npm run generate and commit what changes`);
    process.exitCode = 1;
  }
} else {
  for (const name of there()) rmSync(join(ROOT, name), { force: true });
  for (const [name, text] of wanted) {
    mkdirSync(dirname(join(ROOT, name)), { recursive: true });
    writeFileSync(join(ROOT, name), text);
  }
  print(`wrote ${wanted.size} files`);
}
