// Keeps one kind of file current; rebuilds it when it is damaged, has another schema version, or on request.
import { type Kind, retract } from '@ironlog/read-model';
import { backoffMs, delay, type Runtime } from '@ironlog/service-kit';
import type { Fail } from '../failpoints.ts';
import type { ReadStreams } from '../streams/log-streams.ts';
import { type Generation, PARTS_OF, startGeneration } from './generation.ts';
import { openCurrent, removeTemporaryFiles } from './read-model-file.ts';
import { rebuild } from './rebuild.ts';
import { watchRequests } from './rebuild-request.ts';

export interface KeeperOptions {
  readonly directory: string;
  readonly kind: Kind;
  readonly readStreams: ReadStreams;
  readonly runtime: Runtime;
  readonly fail: Fail;
  readonly signal: AbortSignal;
}

/** Between files that are damaged as soon as they are built, which means a faulty disk. */
const BACKOFF = { baseMs: 500, maxMs: 30_000 };

/** Why a file is built from the log; `none`: there was no file. */
type Reason = 'none' | 'damaged' | 'other-shape' | 'asked';

export class Keeper {
  readonly #options: KeeperOptions;
  /** The generation that readers have, or wait for. */
  #current: Generation | undefined;
  #rebuilding: Promise<void> | undefined;
  #dropRebuild = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Resolves when stopped. Rejects with a bug, or when the connection is closed for good. */
  async run(): Promise<void> {
    const { directory, kind, runtime, signal } = this.#options;
    removeTemporaryFiles(directory, kind, runtime.logger);
    watchRequests({ ...this.#options, onRequest: () => this.#onRequest() });
    this.#current = await this.#first();
    for (let damages = 1; this.#current; ) {
      const awaited: Generation = this.#current;
      const end = await awaited.ended;
      // Another generation has replaced it meanwhile.
      if (awaited !== this.#current) continue;
      if (end.kind === 'stopped') break;
      if (end.kind === 'another-log') return this.#halt(end.reason);
      this.#discard(awaited.file.path, end.reason);
      await this.#endRebuild();
      await delay(damages === 1 ? 0 : backoffMs(damages, BACKOFF), signal);
      damages += 1;
      this.#current = await this.#anew('damaged');
    }
    await this.#endRebuild();
  }

  async #first(): Promise<Generation> {
    const { directory, kind, readStreams, runtime, fail, signal } = this.#options;
    const opened = openCurrent(directory, kind);
    switch (opened.kind) {
      case 'open': {
        const streams = await readStreams();
        return startGeneration({
          kind,
          file: opened.file,
          streams,
          runtime,
          fail,
          signal,
          serving: true,
          onApplied: () => undefined,
        });
      }
      case 'damaged':
        this.#discard(opened.path, opened.reason);
        return this.#anew('damaged');
      case 'other-shape':
        runtime.logger.warn({ file: opened.path, version: opened.shape }, 'of another schema version: rebuilding it');
        return this.#anew('other-shape');
      case 'none':
        return this.#anew('none');
      default:
        return opened satisfies never;
    }
  }

  async #anew(reason: Exclude<Reason, 'asked'>): Promise<Generation> {
    const streams = await this.#options.readStreams();
    this.#count(reason);
    return rebuild({ ...this.#options, streams, current: undefined, onReplaced: () => undefined });
  }

  /** The file is kept for inspection, but readers must not trust it any more (P7, P8). */
  #discard(file: string, reason: string): void {
    const { directory, kind, runtime } = this.#options;
    retract(directory, kind);
    for (const name of PARTS_OF[kind]) runtime.health.set(name, { ok: false, reason: 'damaged; being rebuilt' });
    runtime.logger.error({ file, reason }, 'the file is damaged: taken from its readers, and rebuilt from the log');
  }

  #halt(reason: string): void {
    const { kind, runtime } = this.#options;
    for (const name of PARTS_OF[kind]) runtime.health.set(name, { ok: false, reason });
    runtime.logger.fatal(
      { kind, reason },
      'halted: the log is not the one this file was folded from; if it is the right one, move the file away and restart',
    );
  }

  #onRequest(): void {
    const { runtime, kind } = this.#options;
    if (this.#rebuilding || !this.#current) {
      runtime.logger.warn({ kind }, 'a rebuild was requested while one is in progress: ignored');
      return;
    }
    this.#rebuilding = this.#rebuildBeside(this.#current)
      .catch((err: unknown) => {
        if (!this.#options.signal.aborted)
          runtime.logger.error({ err, kind }, 'the rebuild failed; the current file stays in use');
      })
      .finally(() => {
        this.#rebuilding = undefined;
      });
  }

  /** Resolves when the next generation has replaced `current`. */
  async #rebuildBeside(current: Generation): Promise<void> {
    const streams = await this.#options.readStreams();
    this.#count('asked');
    const replaced = Promise.withResolvers<void>();
    const onReplaced = (generation: Generation): void => {
      this.#current = generation;
      replaced.resolve();
    };
    const signal = AbortSignal.any([this.#options.signal, this.#dropRebuild.signal]);
    const next = rebuild({ ...this.#options, signal, streams, current, onReplaced });
    const gone = next.ended.then((end) => {
      throw new Error(end.kind === 'stopped' ? 'it was stopped' : end.reason);
    });
    await Promise.race([replaced.promise, gone]);
  }

  #count(reason: Reason): void {
    const { kind, runtime } = this.#options;
    runtime.metrics.counter('ironlog_projector_rebuilds_total').inc({ kind, reason });
  }

  async #endRebuild(): Promise<void> {
    this.#dropRebuild.abort(new Error('the file to replace is gone'));
    await this.#rebuilding;
    this.#dropRebuild = new AbortController();
  }
}
