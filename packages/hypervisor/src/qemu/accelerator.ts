// Probes once whether KVM works: with an existing /dev/kvm a stock kernel may still hang in early boot (measured).
import { constants } from 'node:fs';
import { access, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tenantId, vmId } from '@ironlog/schemas';
import { z } from 'zod';
import { consolePathOf, type LaunchSpec, socketPathOf } from '../launch-spec.ts';
import { pause } from '../pause.ts';
import { killProcess } from '../process/exit/kill.ts';
import { untraced } from '../trace-call.ts';
import type { Accelerator } from './command-line.ts';
import { createQemu } from './driver.ts';

export interface AcceleratorProbe {
  /** Absolute path of qemu-system-x86_64, or its name on PATH. */
  readonly program: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The console line of a ready guest. */
  readonly readyLine: string;
  /** The result is cached here (a private file in a private directory) for the next probe. */
  readonly cachePath: string;
  /** Called with its time limit before a guest is booted; not for a cached result. */
  readonly onProbe?: (withinMs: number) => void;
  /** Aborts the probe. */
  readonly signal?: AbortSignal;
}

export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly reason: string;
}

const KVM_DEVICE = '/dev/kvm';
const READY_WITHIN_MS = 5000;
const CHECK_EVERY_MS = 20;

const choiceSchema = z.strictObject({ key: z.string(), accelerator: z.enum(['kvm', 'tcg']), reason: z.string() });

/**
 * `kvm` when the kernel prints its ready line within 5 s under it, else `tcg`; takes up to 6 s, once.
 * @throws the reason of `signal`: an aborted probe has no result, and nothing is cached.
 */
export async function chooseAccelerator(probe: AcceleratorProbe): Promise<AcceleratorChoice> {
  const unusable = await deviceError();
  if (unusable !== null) return { accelerator: 'tcg', reason: unusable };
  const key = await keyOf(probe);
  const kept = await readChoice(probe.cachePath);
  if (kept?.key === key) return { accelerator: kept.accelerator, reason: kept.reason };
  probe.onProbe?.(READY_WITHIN_MS);
  const ready = await reachesReady(probe);
  probe.signal?.throwIfAborted();
  const choice: AcceleratorChoice = ready
    ? { accelerator: 'kvm', reason: 'the kernel came up under KVM' }
    : { accelerator: 'tcg', reason: `the kernel did not come up under KVM within ${READY_WITHIN_MS} ms` };
  await writeFile(`${probe.cachePath}.new`, JSON.stringify({ key, ...choice }), { mode: 0o600 });
  await rename(`${probe.cachePath}.new`, probe.cachePath);
  return choice;
}

async function deviceError(): Promise<string | null> {
  try {
    await access(KVM_DEVICE, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return `${KVM_DEVICE} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The result is valid for this QEMU, kernel and boot; after a reboot the disk may be in another machine. */
async function keyOf({ program, kernel, initrd }: AcceleratorProbe): Promise<string> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return [program, kernel, (await stat(kernel)).mtimeMs, initrd, (await stat(initrd)).mtimeMs, bootId.trim()].join('|');
}

async function readChoice(path: string): Promise<z.infer<typeof choiceSchema> | null> {
  try {
    return choiceSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? null;
  } catch (error) {
    // Missing or malformed: it is only a cache.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return null;
    throw error;
  }
}

async function reachesReady(probe: AcceleratorProbe): Promise<boolean> {
  const directory = await mkdtemp(`${probe.cachePath}.probe-`);
  const qemu = createQemu({ kind: 'qemu', program: probe.program, accelerator: 'kvm' }, untraced);
  const within = AbortSignal.timeout(READY_WITHIN_MS);
  const deadline = probe.signal ? AbortSignal.any([probe.signal, within]) : within;
  const launch = launchIn(directory, probe);
  const spawned = await qemu.spawn(launch);
  try {
    if (!spawned.ok) return false;
    const { identity } = spawned.process;
    const handle = { directory, epoch: launch.epoch, socketPath: launch.socketPath, identity };
    const created = await qemu.create(handle, launch, deadline);
    const booted = created.ok ? await qemu.boot(handle, deadline) : created;
    return booted.ok && (await saysReady(launch.consolePath, probe.readyLine, deadline));
  } finally {
    await qemu.close();
    if (spawned.ok) await killProcess(spawned.process.identity, { graceMs: 0 });
    await rm(directory, { recursive: true, force: true });
  }
}

const launchIn = (directory: string, { kernel, initrd }: AcceleratorProbe): LaunchSpec => ({
  tenant: tenantId('probe'),
  vmId: vmId('probe'),
  epoch: 1,
  directory,
  socketPath: socketPathOf(directory, 1),
  consolePath: consolePathOf(directory),
  spec: { cpus: 1, memoryMiB: 128 },
  image: { kernel, initrd },
});

async function saysReady(consolePath: string, readyLine: string, deadline: AbortSignal): Promise<boolean> {
  while (!deadline.aborted) {
    if ((await readFile(consolePath, 'utf8')).includes(readyLine)) return true;
    await pause(CHECK_EVERY_MS, deadline);
  }
  return false;
}
