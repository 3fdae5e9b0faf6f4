// The simulator's HTTP API in Cloud Hypervisor's dialect: routes a request to its call, or injects the configured fault.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { misbehave, readBody, send } from '../http.ts';
import { CALLS } from './calls.ts';
import { type Machine, refused } from './machine.ts';

const PREFIX = '/api/v1/';

export async function serve(machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : '';
  const call = CALLS.get(name);
  const body = await readBody(request);
  if (call === undefined) return send(response, refused(404, `no such call: ${name}`));
  if (request.method !== call.method || body.kind === 'broken')
    return send(response, refused(400, `${name} is a ${call.method} with a JSON body or none`));
  // vm.create carries the faults, so it runs before the lookup; one that is to fail is undone.
  const created = name === 'vm.create' ? call.run(machine, body.value) : undefined;
  const fault = machine.faults.calls.get(name);
  if (created !== undefined && fault === 'fail') machine.delete();
  if (fault !== undefined) return misbehave(fault, response, refused(500, 'told to fail'));
  send(response, created ?? call.run(machine, body.value));
}
