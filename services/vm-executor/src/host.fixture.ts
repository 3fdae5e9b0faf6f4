// For tests: an executor with an in-memory log and real simulators in a temporary directory, started and stopped by the
// test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vm } from '@ironlog/domain';
import { type AppendRequest, createMemoryEventLog, type EventLog, memoryStream } from '@ironlog/event-log';
import {
  createHypervisor,
  findByDirectory,
  findUnder,
  type Hypervisor,
  killProcess,
  socketPathOf,
} from '@ironlog/hypervisor';
import {
  type HostFact,
  type HostId,
  hostId,
  imageId,
  newCommandId,
  newVmId,
  tenantId,
  type Verb,
  type VmFact,
  type VmSpecInput,
  vmFilter,
  vmSpecSchema,
} from '@ironlog/schemas';
import { createLogger, createMetrics, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { Admission } from './commands/admission.ts';
import { MemoryWork, type Sent } from './commands/work.fixture.ts';
import { ConsoleWatch } from './console/console-watch.ts';
import { Executor } from './executor.ts';
import { Incarnation } from './host/incarnation.ts';
import { StateDirectory } from './host/state-directory.ts';
import { ImageCache } from './images/image-cache.ts';
import { MemoryImages } from './images/image-store.fixture.ts';
import { VmLog } from './vms/vm-log.ts';

export const BOUND = { timeout: 15_000 };
export const HOST = hostId('host-1');
export const TENANT = tenantId('acme');
/** Short, so that three checks take little time. An answer may take as long. */
const HEALTH_CHECK_MS = 500;
const CONSOLE_BYTES = 1_048_576;
const CAPACITY = { cpus: 100, memoryMiB: 100_000, processes: 100 };
const SOON = new Date(Date.now() + 600_000).toISOString();
const request = { verb: 'boot', door: 'http', requestedAt: SOON, startBy: SOON, bodyHash: 'a'.repeat(64) } as const;
export const intent = { request, deadline: SOON };
export const claim = (host: HostId, start: boolean, spec: VmSpecInput = {}): VmFact => ({
  name: 'claimed',
  data: { ...intent, host, hypervisor: 'simulator', spec: vmSpecSchema.parse(spec), start },
});

const startedAs = ({ id }: Incarnation, stateDirectoryId = 'one'): Extract<HostFact, { name: 'executor-started' }> => ({
  name: 'executor-started',
  data: { incarnation: id, stateDirectoryId, hypervisors: ['simulator'], capacity: CAPACITY },
});

class TestHost {
  /** A new directory for each test. */
  root = '';
  stream = memoryStream();
  work = new MemoryWork(HOST);
  /** Called before each append by the executor. A test may wait or throw in it. */
  appending: (event: AppendRequest['event']) => Promise<void> | void = () => undefined;
  /** Called before the executor reads new entries over `filter`. */
  reading: (filter: string) => Promise<void> | void = () => undefined;
  /** Incarnations that superseded this executor, as reported to the service. */
  superseded: string[] = [];
  /** Of the executor that was started last. */
  metrics = createMetrics({ service: 'test' });
  /** Why the host takes no new VM. */
  refusal: string | undefined;
  /** 0: it runs no health checks. */
  /** What the object store has. */
  images = new MemoryImages();
  imageCacheBytes = 1024 * 1024;
  /** 0: it makes none. */
  healthCheckMs = HEALTH_CHECK_MS;
  consoleBytes = CONSOLE_BYTES;
  consoleErrors: unknown[] = [];
  /** What the executors of this test have logged. */
  logged: string[] = [];
  /** What the executor drives its VMs by; a test may put something between. */
  driver = (simulator: Hypervisor): Hypervisor => simulator;
  stop = async (): Promise<void> => undefined;

  begin(): void {
    this.root = mkdtempSync(join(tmpdir(), 'il-'));
    this.stream = memoryStream();
    this.work = new MemoryWork(HOST);
    this.images = new MemoryImages();
    this.imageCacheBytes = 1024 * 1024;
    this.appending = () => undefined;
    this.reading = () => undefined;
    this.superseded = [];
    this.refusal = undefined;
    this.driver = (simulator) => simulator;
    this.healthCheckMs = HEALTH_CHECK_MS;
    this.consoleBytes = CONSOLE_BYTES;
    this.consoleErrors = [];
    this.logged = [];
  }

  async end(): Promise<void> {
    await this.stop();
    for (const { identity } of await findUnder(this.root)) await killProcess(identity, { graceMs: 0 });
    rmSync(this.root, { recursive: true, force: true });
  }

  /** `path`: another spelling of the same state directory. */
  async start(path = this.root): Promise<void> {
    const stopping = new AbortController();
    const { signal } = stopping;
    const [log, state] = [this.#log(), new StateDirectory(path, HOST)];
    const onSuperseded = (by: string): void => void this.superseded.push(by);
    const incarnation = new Incarnation({ log, host: HOST, now: () => new Date(), signal, onSuperseded });
    const simulator = this.driver(createHypervisor({ kind: 'simulator' }));
    const hypervisors = ['simulator' as const];
    const listing = { id: imageId('demo'), hypervisors, default: true, description: 'a simulated guest' };
    this.metrics = createMetrics({ service: 'test' });
    const logger = createLogger({ service: 'test', to: { write: (line) => void this.logged.push(line) } });
    const runtime = createRuntime('test', { logger, metrics: this.metrics });
    const images = new Map([[listing.id, { listing, launch: {} }]]);
    const admission = new Admission(CAPACITY);
    const imageCache = new ImageCache({
      store: this.images.store,
      directory: join(state.path, '.images'),
      maxBytes: this.imageCacheBytes,
      inUse: () => executor.imageFiles(),
      onChange: () => undefined,
      now: () => new Date(),
      logger,
      stop: signal,
    });
    const shared = { host: HOST, log, queue: this.work.queue, runtime, state, images, admission, incarnation, signal };
    const drivers = new Map([[simulator.kind, simulator]]);
    const consoles = new ConsoleWatch({
      keepBytes: this.consoleBytes,
      onError: (error) => void this.consoleErrors.push(error),
    });
    const executor = new Executor({
      ...shared,
      hypervisors: drivers,
      imageCache,
      healthCheckMs: this.healthCheckMs,
      whyNoNewVm: () => this.refusal,
      consoles,
      fail: () => undefined,
    });
    this.stop = async () => {
      stopping.abort();
      await executor.stop();
      consoles.stop();
      await simulator.close();
      this.stop = async () => undefined;
    };
    await incarnation.start(startedAs(incarnation));
    await executor.start();
  }

  /** Appends a start of another executor with the same host id, as on another machine. */
  async startAnother(): Promise<void> {
    const log = createMemoryEventLog({ stream: this.stream });
    const { signal } = new AbortController();
    const other = new Incarnation({ log, host: HOST, now: () => new Date(), signal, onSuperseded: () => undefined });
    await other.start(startedAs(other, 'another'));
  }

  #log(): EventLog {
    const log = createMemoryEventLog({ stream: this.stream });
    const append = async (request: AppendRequest) => {
      await this.appending(request.event);
      return log.append(request);
    };
    const readSince = async (filter: string, after: number) => {
      await this.reading(filter);
      return log.readSince(filter, after);
    };
    return { ...log, append, readSince };
  }

  /** Sends a command as the gateway does. Resolves with the end of its delivery. */
  send(vmId: Vm['id'], verb: Verb, more: Omit<Sent, 'tenant' | 'vmId' | 'verb'> = {}) {
    return this.work.send({ tenant: TENANT, vmId, verb, ...more });
  }

  /** Why this host's commands were rejected, in order. */
  rejections() {
    return this.stream.entries.flatMap(({ read }) =>
      read.ok && read.stored.kind === 'rejection' ? [read.stored.event.data] : [],
    );
  }

  /** Appends facts as `writer`. Intents begin a command, the facts that follow end it. */
  async append(id: Vm['id'], writer: HostId | 'recovery', ...facts: VmFact[]): Promise<void> {
    // A VmLog is typed for a host. The writer only goes into the subject and the source.
    const host = writer as HostId;
    const deps = {
      log: createMemoryEventLog({ stream: this.stream }),
      host,
      now: () => new Date(),
      onChange: () => undefined,
    };
    const { signal } = new AbortController();
    const vm = await VmLog.load({ ...deps, signal }, { tenant: TENANT, vmId: id }, undefined);
    for (const fact of facts) {
      const cause = fact.name === 'claimed' || fact.name.endsWith('-started') ? newCommandId() : vm.vm.task?.commandId;
      const meta =
        cause === undefined ? { actor: 'test' } : { actor: 'test', causationid: cause, correlationid: cause };
      await vm.append(() => ({ fact, meta }));
    }
  }

  async story(id: Vm['id']) {
    return (await createMemoryEventLog({ stream: this.stream }).readSince(vmFilter(TENANT, id), 0)).flatMap(
      ({ read }) => (read.ok && read.stored.kind === 'vm' ? [read.stored.event] : []),
    );
  }

  async names(id: Vm['id']): Promise<string[]> {
    return (await this.story(id)).map(({ name }) => name);
  }

  async last(id: Vm['id']) {
    return (await this.story(id)).at(-1);
  }

  until(id: Vm['id'], last: string) {
    return vi.waitFor(async () => expect((await this.names(id)).at(-1)).toBe(last), BOUND);
  }

  reaped() {
    return this.stream.entries.flatMap(({ read }) =>
      read.ok && read.stored.kind === 'host' && read.stored.event.name === 'reaped' ? [read.stored.event.data] : [],
    );
  }

  directoryOf(id: string): string {
    return join(this.root, TENANT, id);
  }

  async running() {
    return (await findUnder(this.root)).map(({ identity, directory, epoch }) => [identity.pid, directory, epoch]);
  }

  /** Makes a VM from a claim by an earlier executor: this executor resumes it and is stopped. */
  async made(start: boolean, spec: object = {}) {
    const id = newVmId();
    await this.append(id, HOST, claim(HOST, start, spec));
    await this.start();
    await this.until(id, start ? 'booted' : 'created');
    const [found] = await findByDirectory(this.directoryOf(id));
    await this.stop();
    if (!found) throw new Error(`no process of ${id}`);
    return { id, pid: found.identity.pid };
  }

  /** Switches off the guest of epoch 1 while no executor watches. */
  async switchOff(id: Vm['id']): Promise<void> {
    const directory = this.directoryOf(id);
    const [found] = await findByDirectory(directory);
    if (!found) throw new Error('no process');
    const simulator = createHypervisor({ kind: 'simulator' });
    const handle = { directory, epoch: 1, socketPath: socketPathOf(directory, 1), identity: found.identity };
    expect(await simulator.shutdown(handle, AbortSignal.timeout(BOUND.timeout))).toEqual({ ok: true });
    await vi.waitFor(async () => expect(await findByDirectory(directory)).toEqual([]), BOUND);
    await simulator.close();
  }

  async kill(pid: number): Promise<void> {
    for (const { identity } of await findUnder(this.root))
      if (identity.pid === pid) expect(await killProcess(identity, { graceMs: 0 })).toMatchObject({ kind: 'dead' });
  }
}

/** Call it at the top of a test file. */
export const testHost = (): TestHost => {
  const host = new TestHost();
  beforeEach(() => host.begin());
  afterEach(() => host.end());
  return host;
};
