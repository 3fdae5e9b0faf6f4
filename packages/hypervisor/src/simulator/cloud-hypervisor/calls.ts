// The calls that the simulator serves: Cloud Hypervisor's paths and methods, each with its body's shape.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Answer, DONE, type Machine, type MachineConfig, refused } from './machine.ts';

export interface Call {
  readonly method: 'GET' | 'PUT';
  readonly run: (machine: Machine, body: unknown) => Answer;
}

const VERSION = { build_version: 'ironlog-simulator', version: '0.1.0', pid: process.pid, features: [] };

/** By path below /api/v1/. Hand-written checks: a validation library would cost each simulated VM some MiB. */
export const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['vmm.ping', { method: 'GET', run: () => ({ status: 200, body: VERSION }) }],
  ['vmm.shutdown', { method: 'PUT', run: quit }],
  ['vm.info', { method: 'GET', run: (machine) => machine.info() }],
  ['vm.counters', { method: 'GET', run: (machine) => machine.counters() }],
  ['vm.create', { method: 'PUT', run: create }],
  ['vm.boot', { method: 'PUT', run: (machine) => machine.boot() }],
  ['vm.pause', { method: 'PUT', run: (machine) => machine.pause() }],
  ['vm.resume', { method: 'PUT', run: (machine) => machine.resume() }],
  ['vm.shutdown', { method: 'PUT', run: (machine) => machine.shutdown() }],
  ['vm.reboot', { method: 'PUT', run: (machine) => machine.reboot() }],
  ['vm.power-button', { method: 'PUT', run: (machine) => machine.powerButton() }],
  ['vm.delete', { method: 'PUT', run: (machine) => machine.delete() }],
  ['vm.snapshot', { method: 'PUT', run: snapshot }],
  ['vm.restore', { method: 'PUT', run: restore }],
]);

function quit(machine: Machine): Answer {
  machine.event('vmm', 'shutdown');
  // After the answer is sent.
  setTimeout(() => process.exit(0), 5);
  return DONE;
}

function create(machine: Machine, body: unknown): Answer {
  const config = asConfig(body);
  return config === null ? refused(400, 'vm.create needs a VmConfig with a payload') : machine.create(config);
}

function snapshot(machine: Machine, body: unknown): Answer {
  const directory = directoryIn(body, 'destination_url');
  if (directory === null) return refused(400, 'vm.snapshot needs destination_url: file:///<directory>');
  const config = machine.frozen();
  if (config === null) return refused(machine.info().status === 404 ? 404 : 405, 'the VM is not paused');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(`${directory}/config.json`, JSON.stringify(config), { mode: 0o600 });
  return DONE;
}

function restore(machine: Machine, body: unknown): Answer {
  const directory = directoryIn(body, 'source_url');
  if (directory === null) return refused(400, 'vm.restore needs source_url: file:///<directory>');
  let config: MachineConfig | null;
  try {
    config = asConfig(JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')));
  } catch (error) {
    return refused(500, `cannot restore: ${String(error)}`);
  }
  return config === null
    ? refused(500, 'cannot restore: no snapshot of this simulator')
    : machine.create(config, 'Paused');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Null when it is no VmConfig: `payload` is the one required field. */
function asConfig(body: unknown): MachineConfig | null {
  if (!isRecord(body) || !isRecord(body.payload)) return null;
  const { payload, serial } = body;
  return {
    ...body,
    payload: { ...payload, kernel: text(payload.kernel), cmdline: text(payload.cmdline) },
    serial: isRecord(serial) ? { ...serial, mode: text(serial.mode), file: text(serial.file) } : undefined,
  };
}

function directoryIn(body: unknown, field: string): string | null {
  const url = isRecord(body) ? text(body[field]) : undefined;
  return url?.startsWith('file:///') ? url.slice('file://'.length) : null;
}
