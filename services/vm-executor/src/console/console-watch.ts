// Watches the consoles of the VMs that have a process: rotates each within its bound, and reports its growth.
// The kernel reports growth (inotify). A guest that keeps printing is then polled at a bounded rate until it is idle.
import { closeSync, type FSWatcher, openSync, statSync, watch as watchFile } from 'node:fs';
import { consolePathOf } from '@ironlog/hypervisor';
import { consoleRange, errorCode, recoverRotation, rotateConsole } from './console-file.ts';

/** The check interval of growing consoles. */
const CHECK_MS = 1000;
/** The same while a listener waits. */
const CHECK_FOR_LISTENERS_MS = 100;

export interface ConsoleWatchDeps {
  /** Bytes kept of each console, plus what is printed between two checks. */
  readonly keepBytes: number;
  readonly onError: (error: unknown, directory: string) => void;
}

interface Watched {
  readonly directory: string;
  readonly path: string;
  /** console.log's last known size. */
  size: number;
  watcher?: FSWatcher | undefined;
  timer?: NodeJS.Timeout | undefined;
  /** An error is reported once until a check succeeds again. */
  failing: boolean;
}

export class ConsoleWatch {
  readonly #deps: ConsoleWatchDeps;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(deps: ConsoleWatchDeps) {
    this.#deps = deps;
  }

  /**
   * Call it before a process is spawned: earlier epochs' output is rotated out, so that a hypervisor that truncates its
   * console at start loses nothing. Returns the position at which the new epoch's output begins.
   */
  beginEpoch(directory: string): number {
    const path = consolePathOf(directory);
    recoverRotation(directory);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) rotateConsole(directory, this.#half);
    return consoleRange(directory)?.end ?? 0;
  }

  /** From the start or adoption of the VM's process until the returned function is called. */
  watch(directory: string): () => void {
    this.#end(this.#watched.get(directory));
    const watched: Watched = { directory, path: consolePathOf(directory), size: 0, failing: false };
    this.#watched.set(directory, watched);
    this.#safely(watched, () => {
      // Some hypervisors create it at the first byte.
      closeSync(openSync(watched.path, 'a', 0o600));
      recoverRotation(directory);
      this.#arm(watched);
    });
    return () => {
      if (this.#watched.get(directory) !== watched) return;
      this.#safely(watched, () => this.#check(watched));
      this.#end(watched);
      this.#watched.delete(directory);
    };
  }

  /** Calls `grown` when the console may have grown, until the returned function is called. */
  listen(directory: string, grown: () => void): () => void {
    const listeners = this.#listeners.get(directory) ?? new Set();
    this.#listeners.set(directory, listeners.add(grown));
    const watched = this.#watched.get(directory);
    if (watched?.timer) this.#wait(watched);
    return () => {
      listeners.delete(grown);
      if (listeners.size === 0 && this.#listeners.get(directory) === listeners) this.#listeners.delete(directory);
    };
  }

  stop(): void {
    for (const watched of this.#watched.values()) this.#end(watched);
    this.#watched.clear();
    this.#listeners.clear();
  }

  get #half(): number {
    return Math.floor(this.#deps.keepBytes / 2);
  }

  /** The watcher first: the check after it finds what was printed before. */
  #arm(watched: Watched): void {
    watched.watcher = watchFile(watched.path, { persistent: false }, () => this.#grown(watched));
    watched.watcher.on('error', (error) => this.#failed(watched, error));
    if (this.#check(watched)) this.#wait(watched);
  }

  #grown(watched: Watched): void {
    if (!watched.watcher) return;
    this.#safely(watched, () => {
      if (this.#check(watched)) this.#wait(watched);
    });
  }

  /** No watcher meanwhile: endless output would wake the executor with every write. */
  #wait(watched: Watched): void {
    this.#end(watched);
    const checkMs = this.#listeners.has(watched.directory) ? CHECK_FOR_LISTENERS_MS : CHECK_MS;
    watched.timer = setTimeout(() => {
      watched.timer = undefined;
      this.#safely(watched, () => {
        if (this.#check(watched)) this.#wait(watched);
        else this.#arm(watched);
      });
    }, checkMs);
    watched.timer.unref();
  }

  /** Whether it has grown. Listeners read before its rotation. */
  #check(watched: Watched): boolean {
    const size = statSync(watched.path).size;
    const grown = size !== watched.size;
    if (grown) for (const listener of [...(this.#listeners.get(watched.directory) ?? [])]) listener();
    watched.size = size;
    if (size > this.#half && activeBytes(watched.directory) > this.#half) {
      rotateConsole(watched.directory, this.#half);
      watched.size = statSync(watched.path).size;
    }
    watched.failing = false;
    return grown;
  }

  /** Without inotify watches left it polls by timer; without a console there is nothing to watch. */
  #safely(watched: Watched, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failed(watched, error);
    }
  }

  #failed(watched: Watched, error: unknown): void {
    this.#end(watched);
    if (errorCode(error) === 'ENOENT') return;
    if (!watched.failing) this.#deps.onError(error, watched.directory);
    watched.failing = true;
    if (this.#watched.get(watched.directory) === watched) this.#wait(watched);
  }

  #end(watched: Watched | undefined): void {
    watched?.watcher?.close();
    clearTimeout(watched?.timer);
    if (watched) Object.assign(watched, { watcher: undefined, timer: undefined });
  }
}

/** Excludes the hole left by a hypervisor that does not append. */
const activeBytes = (directory: string): number => {
  const range = consoleRange(directory);
  return range ? range.end - range.active : 0;
};
