// The simulator's REST face: Cloud Hypervisor's calls, and the faults a test asked for.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallFault } from './faults.ts';
import { type Answer, type Machine, type MachineConfig, snapshotExists } from './machine.ts';

const PREFIX = '/api/v1/';
const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BYTES = 10 * 1024 * 1024;
const VERSION = { build_version: 'ironlog-simulator', version: 'v1', pid: process.pid, features: [] };

const fromFileUrl = (value: unknown): string =>
  typeof value === 'string' && value.startsWith('file:///') ? value.slice('file://'.length) : '';

type Call = (machine: Machine, body: Record<string, unknown>) => Answer;
const CALLS: Readonly<Record<string, { readonly method: 'GET' | 'PUT'; readonly call: Call }>> = {
  'vmm.ping': { method: 'GET', call: () => ({ body: VERSION }) },
  'vm.info': { method: 'GET', call: (machine) => machine.info() },
  'vm.create': { method: 'PUT', call: (machine, body) => machine.create(body as MachineConfig) },
  'vm.boot': { method: 'PUT', call: (machine) => machine.boot() },
  'vm.pause': { method: 'PUT', call: (machine) => machine.pause() },
  'vm.resume': { method: 'PUT', call: (machine) => machine.resume() },
  'vm.power-button': { method: 'PUT', call: (machine) => machine.powerButton() },
  'vm.snapshot': { method: 'PUT', call: (machine, body) => machine.snapshot(fromFileUrl(body.destination_url)) },
  'vm.restore': {
    method: 'PUT',
    call: (machine, body) => {
      const directory = fromFileUrl(body.source_url);
      if (!snapshotExists(directory)) return { refused: `no snapshot at ${directory}` };
      return machine.restore(JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')) as MachineConfig);
    },
  },
  'vmm.shutdown': {
    method: 'PUT',
    call: (machine) => {
      machine.event('vmm', 'shutdown-requested');
      setImmediate(() => process.exit(0));
      return {};
    },
  },
};

const send = (response: ServerResponse, answer: Answer): void => {
  if ('refused' in answer) response.writeHead(500).end(JSON.stringify([answer.refused]));
  else if ('missing' in answer) response.writeHead(404).end(JSON.stringify([answer.missing]));
  else if (answer.body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  else response.writeHead(204).end();
};

const misbehave: Readonly<Record<CallFault, (response: ServerResponse) => void>> = {
  fail: (response) => send(response, { refused: 'told to fail' }),
  hang: () => undefined,
  garbage: (response) => void response.writeHead(200).end('\u0000not json'),
  huge: (response) => void response.writeHead(200).end(Buffer.alloc(HUGE_BYTES, 0x20)),
  half: (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"state":');
    setTimeout(() => response.destroy(), 50);
  },
  exit: () => process.exit(1),
};

const readBody = async (request: IncomingMessage): Promise<Record<string, unknown> | undefined> => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) return undefined;
  }
  try {
    const body: unknown = text === '' ? {} : JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

export const answer = async (machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const name = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : '';
  const entry = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  const body = await readBody(request);
  if (!entry) return send(response, { missing: `no such call ${name}` });
  if (request.method !== entry.method) return void response.writeHead(405).end();
  if (!body) return void response.writeHead(400).end();
  // A create brings the faults that already hold for itself.
  const reply = name === 'vm.create' ? entry.call(machine, body) : undefined;
  const fault = machine.faults.calls.get(name);
  if (fault) return misbehave[fault](response);
  send(response, reply ?? entry.call(machine, body));
};
