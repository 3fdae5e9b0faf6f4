// Keeps processes running: restarts each when it ends, with a growing delay, and prints it; ends them all on request.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import { plainLinesIn } from '../plane/plain-lines.ts';
import { HOW_TO_FORCE, PRINT_AFTER_MS, printIfSlow } from '../terminal/slow-step.ts';

export interface Managed {
  readonly name: string;
  /** Relative to the project's folder. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its niceness, as in nice(1). Default 0. */
  readonly niceness?: number;
  /** Node's, before the script. */
  readonly nodeOptions?: readonly string[];
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** After this lifetime a process counts as started well: the next delay is the first again. */
const LIVED_WELL_MS = 30_000;
const STOP_WITHIN_MS = 15_000;
/** sysexits EX_CONFIG: a restart would end the same way. */
const EXIT_CONFIG = 78;

export class Supervisor {
  readonly #logDirectory: string;
  readonly #children = new Map<string, ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #armed = new Map<string, Readonly<Record<string, string>>>();
  readonly #delays = new Map<string, number>();
  readonly #failed = Promise.withResolvers<never>();
  #stopping = false;

  readonly #print: (line: string) => void;

  constructor(logDirectory: string, print: (line: string) => void) {
    this.#logDirectory = logDirectory;
    this.#print = print;
    // Awaiting `failed` is optional.
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when a process refuses its configuration: a restart would end the same way. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  logOf(name: string): string {
    return join(this.#logDirectory, `${name}.log`);
  }

  pidOf(name: string): number | undefined {
    return this.#children.get(name)?.pid;
  }

  /**
   * The next start of `name` gets these variables as well, later starts do not. For tests: its end does not count for the
   * delay.
   */
  armOnce(name: string, env: Readonly<Record<string, string>>): void {
    this.#armed.set(name, env);
    this.#delays.delete(name);
  }

  start(managed: Managed): void {
    if (this.#stopping) return;
    const log = openSync(this.logOf(managed.name), 'a', 0o600);
    const from = fstatSync(log).size;
    const startedAt = performance.now();
    const armed = this.#armed.get(managed.name);
    // In its own session: Ctrl-C reaches this process only, which then stops them in order.
    const options = ['--disable-warning=ExperimentalWarning', ...(managed.nodeOptions ?? [])];
    const child = spawn(process.execPath, [...options, join(ROOT, managed.script)], {
      cwd: ROOT,
      env: { ...managed.env, ...armed },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (managed.niceness !== undefined) yieldBy(child, managed.niceness);
    this.#armed.delete(managed.name);
    this.#children.set(managed.name, child);
    child.once('exit', (code, signal) => {
      this.#children.delete(managed.name);
      if (this.#stopping) return;
      if (armed || performance.now() - startedAt > LIVED_WELL_MS) this.#delays.delete(managed.name);
      if (code === EXIT_CONFIG) return this.#refused(managed, from);
      const delayMs = this.#delays.get(managed.name) ?? FIRST_DELAY_MS;
      this.#delays.set(managed.name, Math.min(delayMs * 2, LONGEST_DELAY_MS));
      this.#print(
        `${managed.name} ended (${signal ?? `exit ${code}`}); starting it again in ${delayMs} ms; its log: ${this.logOf(managed.name)}`,
      );
      this.#again(managed, delayMs);
    });
  }

  /**
   * A start in progress fails with the process's own lines. A running plane prints them and retries later, in case its server
   * has changed by then.
   */
  #refused(managed: Managed, from: number): void {
    const log = this.logOf(managed.name);
    const why = `${managed.name} does not accept its configuration: ${plainLinesIn(log, from) ?? `see ${log}`}`;
    this.#failed.reject(new Error(why));
    this.#again(managed, LONGEST_DELAY_MS, `${why}; starting it again`);
  }

  #again(managed: Managed, delayMs: number, line?: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (line !== undefined) this.#print(line);
      this.start(managed);
    }, delayMs);
    this.#timers.add(timer);
  }

  /**
   * SIGTERM to all, SIGKILL to the rest after a time limit or when forced; resolves when none is left. Prints what it waits
   * for.
   */
  async stop(force?: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const allEnded = async (): Promise<void> => {
      await Promise.all([...this.#children.values()].map((child) => endChild(child, force)));
    };
    if (!force) return allEnded();
    const line = (): string => {
      const leftSeconds = (STOP_WITHIN_MS - PRINT_AFTER_MS) / 1000;
      return `waiting for ${[...this.#children.keys()].join(', ')} to end, at most ${leftSeconds} s more ${HOW_TO_FORCE}`;
    };
    await printIfSlow(this.#print, line, allEnded);
  }
}

const endChild = (child: ChildProcess, force?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(kill, STOP_WITHIN_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      force?.removeEventListener('abort', kill);
      resolve();
    });
    child.kill('SIGTERM');
    force?.addEventListener('abort', kill, { once: true });
    if (force?.aborted) kill();
  });

const yieldBy = ({ pid }: ChildProcess, niceness: number): void => {
  if (pid === undefined) return;
  try {
    setPriority(pid, Math.min(19, getPriority() + niceness));
  } catch (error) {
    // It has already ended; its exit handler reports that.
    if (!(error instanceof Error && 'info' in error)) throw error;
  }
};
