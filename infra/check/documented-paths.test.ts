// The paths that the documents name exist.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../dev/paths.ts';

/** In backticks, below one of the project's folders. */
const PATH = /`((?:schemas|packages|services|infra|test|docs)\/[\w./-]+)`/g;

it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md'])('%s names no missing file', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const paths = [...text.matchAll(PATH)].map(([, path = '']) => path);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('names the place for twelve usual changes', () => {
  const section = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('## Where to change what')[1] ?? '';
  const rows =
    section
      .split('\n## ')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| ') && line.search(PATH) >= 0) ?? [];
  expect(rows.length).toBeGreaterThanOrEqual(12);
});
