// The simulator's snapshot in Firecracker's dialect: a state file, and a placeholder for the memory.
import { readFileSync, writeFileSync } from 'node:fs';
import type { HttpAnswer } from '../http.ts';
import { type BootSource, DONE, type Instance, refused } from './instance.ts';

export function createSnapshot(instance: Instance, statePath: unknown, memoryPath: unknown): HttpAnswer {
  if (typeof statePath !== 'string' || typeof memoryPath !== 'string') return refused('missing field `snapshot_path`');
  const saved = instance.save();
  if (saved === null) return refused('Cannot save the microVM state: it is not paused.');
  try {
    for (const [path, text] of [
      [memoryPath, ''],
      [statePath, JSON.stringify(saved)],
    ] as const)
      writeFileSync(path, text, { mode: 0o600 });
    return DONE;
  } catch (error) {
    return refused(`Create snapshot error: ${String(error)}`);
  }
}

export function loadSnapshot(instance: Instance, statePath: unknown): HttpAnswer {
  if (typeof statePath !== 'string') return refused('missing field `snapshot_path`');
  try {
    const saved: unknown = JSON.parse(readFileSync(statePath, 'utf8'));
    const source = sourceIn(saved);
    return source === null ? refused('Load snapshot error: no state of this simulator') : instance.load(source);
  } catch (error) {
    return refused(`Load snapshot error: ${String(error)}`);
  }
}

function sourceIn(saved: unknown): BootSource | null {
  if (typeof saved !== 'object' || saved === null || !('source' in saved)) return null;
  const { source } = saved;
  if (typeof source !== 'object' || source === null || !('kernel_image_path' in source)) return null;
  const { kernel_image_path: kernel } = source;
  const args = 'boot_args' in source && typeof source.boot_args === 'string' ? source.boot_args : '';
  return typeof kernel === 'string' ? { kernel_image_path: kernel, boot_args: args } : null;
}
