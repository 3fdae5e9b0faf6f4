// Unpacks a Debian package into the project's cache, as any user, with signatures checked and the system untouched. It
// uses a mirror that this machine's apt already trusts.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE_DIR, privateDirectory } from '../paths.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export type Unpacked =
  | { readonly ok: true; readonly directory: string }
  | { readonly ok: false; readonly reason: string };

/** A suite's package lists in the cache. `apt` runs with absolute paths inside it (a relative one would empty the system's). */
interface Archive {
  readonly options: readonly string[];
  readonly downloads: string;
}

const trustedMirror = async (): Promise<string | undefined> => {
  // Empty lists print nothing without --no-release-info.
  const args = [
    'indextargets',
    '--no-release-info',
    '--format',
    '$(SITE)|$(RELEASE)|$(COMPONENT)',
    'Created-By: Packages',
  ];
  const { stdout } = await run('apt-get', args, { timeout: TIMEOUT_MS });
  const targets = stdout.split('\n').map((line) => line.split('|'));
  return targets.find(
    ([site, release, component]) => site && component === 'main' && !release?.includes('security'),
  )?.[0];
};

const openArchive = async (suite: string): Promise<Archive> => {
  const mirror = await trustedMirror();
  if (!mirror) throw new Error('apt knows no Debian mirror (its sources name none for component main)');
  if (!existsSync(KEYRING)) throw new Error(`${KEYRING} is missing (package debian-archive-keyring)`);
  const base = privateDirectory(join(CACHE_DIR, 'debian', suite));
  const [lists, cache, downloads] = [join(base, 'lists'), join(base, 'apt'), join(base, 'downloads')];
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
  mkdirSync(downloads, { recursive: true });
  const sources = join(base, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  const options = [
    '-o',
    `Dir::Etc::sourcelist=${sources}`,
    '-o',
    'Dir::Etc::sourceparts=-',
    '-o',
    `Dir::State::lists=${lists}`,
    '-o',
    `Dir::Cache=${cache}`,
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    'Acquire::Languages=none',
  ];
  await run('apt-get', [...options, 'update'], { timeout: TIMEOUT_MS });
  return { options, downloads };
};

const opened = new Map<string, Promise<Archive>>();
const archiveOf = (suite: string): Promise<Archive> => {
  const known = opened.get(suite) ?? openArchive(suite);
  opened.set(suite, known);
  return known;
};

const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').filter(Boolean).slice(0, 4).join('; ').slice(0, 500);
};

/** Downloads `name` of `suite` and unpacks it into `cache/<name>`; a cached package is not fetched again. */
export const unpackPackage = async (suite: string, name: string): Promise<Unpacked> => {
  const directory = join(CACHE_DIR, name);
  const done = join(directory, '.complete');
  if (existsSync(done)) return { ok: true, directory };
  try {
    const { options, downloads } = await archiveOf(suite);
    rmSync(directory, { recursive: true, force: true });
    await run('apt-get', [...options, 'download', name], { cwd: downloads, timeout: TIMEOUT_MS });
    const file = readdirSync(downloads).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'));
    if (!file) return { ok: false, reason: `apt-get downloaded no ${name}_….deb` };
    await run('dpkg-deb', ['-x', join(downloads, file), directory], { timeout: TIMEOUT_MS });
    rmSync(join(downloads, file));
    writeFileSync(done, `${file}\n`);
    return { ok: true, directory };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
};

/** The dependencies of a package of `suite` by `apt-cache`; empty when it prints none. */
export const dependenciesOf = async (suite: string, name: string): Promise<readonly string[]> => {
  const { options } = await archiveOf(suite);
  const { stdout } = await run('apt-cache', [...options, 'depends', '--important', name], { timeout: TIMEOUT_MS });
  return [...stdout.matchAll(/Depends: (\S+)/g)].map((match) => match[1] ?? '');
};
