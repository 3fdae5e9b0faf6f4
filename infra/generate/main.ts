// `npm run generate` writes the generated contract; with --check it only says what is not current, and fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '@ironlog/api-gateway';
import { ROOT } from '../dev/paths.ts';
import { say } from '../dev/say.ts';
import { asyncApi } from './asyncapi.ts';
import { jsonSchemas } from './json-schemas.ts';

const DIRECTORY = join(ROOT, 'schemas');
const JSON_DIRECTORY = join(DIRECTORY, 'json');

const files = async (): Promise<ReadonlyMap<string, string>> => {
  const documents: [string, object][] = [
    ['openapi.json', await openApiDocument()],
    ['asyncapi.json', asyncApi()],
    ...[...jsonSchemas()].map(([name, schema]): [string, object] => [join('json', `${name}.json`), schema]),
  ];
  return new Map(documents.map(([name, document]) => [name, `${JSON.stringify(document, null, 2)}\n`]));
};

const stale = (wanted: ReadonlyMap<string, string>): string[] => {
  const there = existsSync(JSON_DIRECTORY) ? readdirSync(JSON_DIRECTORY).map((name) => join('json', name)) : [];
  const extra = there.filter((name) => !wanted.has(name));
  const differs = [...wanted].filter(([name, text]) => {
    const path = join(DIRECTORY, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  return [...extra, ...differs.map(([name]) => name)];
};

const wanted = await files();
if (process.argv.includes('--check')) {
  const names = stale(wanted);
  if (names.length > 0) {
    say(`generated files are not current: ${names.join(', ')}; run npm run generate and commit what changes`);
    process.exitCode = 1;
  }
} else {
  rmSync(JSON_DIRECTORY, { recursive: true, force: true });
  mkdirSync(JSON_DIRECTORY, { recursive: true });
  for (const [name, text] of wanted) writeFileSync(join(DIRECTORY, name), text);
  say(`wrote ${wanted.size} files to schemas/`);
}
