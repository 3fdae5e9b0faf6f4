import { describe, expect, it } from 'vitest';
import { checkDirection } from './direction.ts';
import type { Workspace } from './workspaces.ts';

const workspace = (folder: string, path: string, text: string): Workspace => ({
  name: `@ironlog/${folder.split('/').at(-1)}`,
  folder,
  dependencies: ['@ironlog/schemas', '@ironlog/domain', '@ironlog/event-log', '@ironlog/vm-executor', 'zod'],
  files: [{ path: `${folder}/${path}`, text }],
});
const schemas = workspace('schemas', 'src/index.ts', '');
const domain = workspace('packages/domain', 'src/index.ts', '');
const log = workspace('packages/event-log', 'src/index.ts', '');
const executor = workspace('services/vm-executor', 'src/index.ts', '');

const complaints = (folder: string, path: string, text: string): readonly string[] => {
  const under = workspace(folder, path, text);
  const others = [schemas, domain, log, executor].filter(({ name }) => name !== under.name);
  return checkDirection([under, ...others]);
};

describe('the direction of dependencies', () => {
  it('lets a service import packages, the domain and the schemas', () => {
    const text = `import { a } from '@ironlog/event-log';\nimport type {\n  B,\n} from '@ironlog/domain';\nimport { z } from 'zod';\n`;
    expect(complaints('services/vm-executor', 'src/index.ts', text)).toEqual([]);
  });

  it.each([
    ['packages/domain', `import { a } from '@ironlog/event-log';`, 'must not depend on packages/event-log'],
    ['schemas', `export { a } from '@ironlog/domain';`, 'must not depend on packages/domain'],
    [
      'packages/hypervisor',
      `import type {\n  A,\n} from '@ironlog/event-log';`,
      'must not depend on packages/event-log',
    ],
    ['services/api-gateway', `import { a } from '@ironlog/vm-executor';`, 'must not depend on services/vm-executor'],
    ['packages/read-model', `await import${'('}'@ironlog/vm-executor');`, 'must not depend on services/vm-executor'],
    ['packages/domain', `import { readFileSync } from 'node:fs';`, 'the domain is pure'],
    ['services/vm-executor', `import { a } from '@ironlog/event-log/src/append.ts';`, 'only @ironlog/event-log itself'],
    ['services/vm-executor', `import { a } from '../../../schemas/src/ids.ts';`, 'outside of services/vm-executor'],
    ['services/vm-executor', `import { until } from '@ironlog/event-log/testing';`, 'only @ironlog/event-log itself'],
    ['services/vm-executor', `import pino from 'pino';`, 'does not declare'],
  ])('refuses in %s: %s', (folder, text, reason) => {
    expect(complaints(folder, 'src/index.ts', text)).toEqual([expect.stringContaining(reason)]);
  });

  it('lets a test of the domain use Node', () => {
    expect(complaints('packages/domain', 'src/a.test.ts', `import { join } from 'node:path';`)).toEqual([]);
  });
});
