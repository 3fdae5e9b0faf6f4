// A plane for one test file: its own nats-server, services and state directory, and the common requests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventLog, type EventLog, type Recorded } from '@ironlog/event-log';
import { inboxPrefix, type Plane, type PlaneOptions, startPlane } from '@ironlog/infra';
import type { Operation, VmView } from '@ironlog/schemas';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Agent, type Dispatcher, request } from 'undici';

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface TestPlane {
  readonly plane: Plane;
  readonly log: EventLog;
  readonly connection: NatsConnection;
  /** One request with the plane's token; the body is parsed. */
  http<Body>(
    method: Dispatcher.HttpMethod,
    path: string,
    options?: { body?: unknown; wait?: number; headers?: Record<string, string> },
  ): Promise<Answer<Body>>;
  /** Sends a command and waits for its outcome. @throws Error when there is none within WAIT_SECONDS. */
  command(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Operation & { code?: string }>;
  vm(id: string): Promise<VmView>;
  /** All entries of EVENTS so far. */
  events(): Promise<readonly Recorded[]>;
  stop(): Promise<void>;
}

const WAIT_SECONDS = 40;

const onceAll = async (log: EventLog): Promise<readonly Recorded[]> => {
  const { lastSequence } = await log.info();
  const entries: Recorded[] = [];
  if (lastSequence === 0) return entries;
  for await (const entry of log.replay({ after: 0, until: lastSequence })) entries.push(entry);
  return entries;
};

export const startTestPlane = async (
  options: Partial<Pick<PlaneOptions, 'hosts' | 'hypervisors' | 'extra' | 'stateDir' | 'print'>> = {},
): Promise<TestPlane> => {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'il-'));
  const controller = new AbortController();
  const plane = await startPlane({
    hypervisors: ['simulator'],
    hosts: 1,
    httpPort: 0,
    natsPort: 0,
    print: () => undefined,
    signal: controller.signal,
    ...options,
    stateDir,
  });
  const user = 'gateway';
  const connection = await connect({
    servers: plane.nats.url,
    user,
    pass: plane.nats.credentials.passwordOf(user),
    inboxPrefix: inboxPrefix(user),
    maxReconnectAttempts: -1,
  });
  const log = await createEventLog({ connection });

  const dispatcher = new Agent();
  /** Of the last answer: the next read includes everything up to it. */
  let position: string | undefined;
  const http: TestPlane['http'] = async <Body>(
    method: Dispatcher.HttpMethod,
    path: string,
    { body, wait, headers = {} }: { body?: unknown; wait?: number; headers?: Record<string, string> } = {},
  ) => {
    // Not `fetch`, whose own work takes as long as a durable publish and would be measured, too.
    const response = await request(`${plane.http}${path}`, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${plane.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(wait === undefined ? {} : { prefer: `wait=${wait}` }),
        ...(position === undefined || method !== 'GET' ? {} : { 'ironlog-position': position }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.body.text();
    const { 'ironlog-position': written } = response.headers;
    if (typeof written === 'string') position = written;
    return {
      status: response.statusCode,
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  };

  return {
    plane,
    log,
    connection,
    http,
    command: async (method, path, body) => {
      const answer = await http<Operation & { code?: string }>(method, path, {
        wait: WAIT_SECONDS,
        ...(body === undefined ? {} : { body }),
      });
      if (answer.status === 202)
        throw new Error(`${method} ${path} has no outcome after ${WAIT_SECONDS} s: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    vm: async (id) => (await http<VmView>('GET', `/v1/vms/${id}`)).body,
    events: () => onceAll(log),
    stop: async () => {
      await connection.close();
      await dispatcher.close();
      await plane.stop({ keepVms: false });
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};
