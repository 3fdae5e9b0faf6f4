// Dependencies point one way, and the domain is pure: read off every import of every workspace.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../dev/paths.ts';

/** Which of our own packages each workspace may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  'packages/domain': ['schemas'],
  'packages/event-log': ['schemas', 'domain'],
  'packages/hypervisor': ['schemas', 'domain'],
  'packages/read-model': ['schemas', 'domain', 'event-log'],
  'packages/service-kit': ['schemas', 'domain'],
  'services/api-gateway': ['schemas', 'domain', 'event-log', 'read-model', 'service-kit'],
  'services/vm-executor': ['schemas', 'domain', 'event-log', 'hypervisor', 'service-kit'],
  'services/state-projector': ['schemas', 'domain', 'event-log', 'read-model', 'service-kit'],
  'services/recovery-worker': ['schemas', 'domain', 'event-log', 'read-model', 'service-kit'],
};

/** Tests may use what runs the real parts. */
const TESTS_MAY_IMPORT: readonly string[] = [
  'infra',
  'hypervisor',
  'event-log',
  'read-model',
  'domain',
  'service-kit',
  'schemas',
];
const isTest = (file: string): boolean => /\.(test|fixture)\.ts$/.test(file) || file.includes('/fixtures/');

const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, 'src', file));

const importsOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );

const problemsIn = (folder: string, file: string): string[] =>
  importsOf(file).flatMap((target) => {
    const own = /^@ironlog\/([^/]+)(\/.*)?$/.exec(target);
    if (own?.[2]) return [`${file}: imports ${target}; another package is imported by its name only`];
    const allowed = [...(MAY_IMPORT[folder] ?? []), ...(isTest(file) ? TESTS_MAY_IMPORT : [])];
    if (own && !allowed.includes(own[1] ?? '')) return [`${file}: ${folder} must not import ${target}`];
    if (folder === 'packages/domain' && !isTest(file) && target.startsWith('node:'))
      return [`${file}: the domain is pure and must not import ${target}`];
    return [];
  });

/** One line per import that points the wrong way; empty when none does. */
export const wrongImports = (): string[] =>
  Object.keys(MAY_IMPORT).flatMap((folder) => sources(folder).flatMap((file) => problemsIn(folder, file)));
