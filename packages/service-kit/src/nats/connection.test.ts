import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from '../config/config.ts';
import { type NatsSettings, natsEnvironment } from '../config/environment.ts';
import { Secret } from '../config/secret.ts';
import { createRuntime } from '../lifecycle/runtime.ts';
import { createSelfStop } from '../lifecycle/self-stop.ts';
import { createLogger } from '../telemetry/log.ts';
import { connectNats, type NatsLink } from './connection.ts';
import { checkDurability, requireDurability } from './durability.ts';
import { freePort, type ServerOptions, startNatsServer, type TestServer } from './nats-server.fixture.ts';
import { openNats } from './open-nats.ts';

const BOUND = { timeout: 15_000, interval: 20 };

describe('a connection to a real nats-server', { timeout: 30_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const server = async (options: Partial<ServerOptions> = {}): Promise<TestServer> => {
    const [port, monitorPort] = [await freePort(), await freePort()];
    const started = await startNatsServer({ name: 'n1', port, monitorPort, ...options });
    cleanups.push(() => started.kill());
    return started;
  };
  const settingsFor = (url: string, changes: Partial<NatsSettings> = {}): NatsSettings => ({
    urls: [url],
    user: 'gw',
    password: new Secret('pw'),
    serverNames: ['n1'],
    monitorUrls: [],
    allowUnsafeSync: false,
    ...changes,
  });
  const surroundings = (signal = new AbortController().signal) => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'test', to: { write: (line) => void lines.push(line) } });
    return { runtime: createRuntime('test', { logger, signal }), selfStop: createSelfStop(), lines };
  };
  const connect = async (settings: NatsSettings, around = surroundings()): Promise<NatsLink> => {
    const link = await connectNats({ settings, name: 'test', ...around });
    cleanups.push(() => link.drain());
    return link;
  };

  test("makes the service ready, and uses its own user's inboxes", async () => {
    const around = surroundings();
    const { connection } = await connect(settingsFor((await server()).url), around);
    expect(await around.runtime.health.report()).toMatchObject({ ready: true, checks: { nats: { ok: true } } });
    connection.subscribe('echo', { callback: (_, message) => void message.respond(message.reply ?? '') });
    expect((await connection.request('echo')).string()).toMatch(/^_INBOX_gw\./);
    expect(await around.runtime.metrics.text()).toContain('ironlog_nats_connected{service="test"} 1');
  });

  test('waits for a server that is not available yet, until aborted', async () => {
    const controller = new AbortController();
    const around = surroundings(controller.signal);
    const waiting = connectNats({
      settings: settingsFor(`nats://127.0.0.1:${await freePort()}`),
      name: 't',
      ...around,
    });
    const outcome = expect(waiting).rejects.toThrow('stopped by a test');
    await vi.waitFor(() => expect(around.lines.join('')).toContain('does not answer yet'), BOUND);
    expect((await around.runtime.health.report()).ready).toBe(false);
    controller.abort(new Error('stopped by a test'));
    await outcome;
  });

  test('treats a server of another name, and a refused user, as configuration errors', async () => {
    const { url } = await server({ name: 'n9' });
    await expect(connect(settingsFor(url))).rejects.toThrow('is named "n9", not n1; check IRONLOG_NATS_URL');
    const wrongUser = connect(settingsFor(url, { password: new Secret('canary') }));
    await expect(wrongUser).rejects.toThrow(ConfigError);
    await expect(wrongUser).rejects.toThrow(/refuses user gw: check IRONLOG_NATS_USER/);
    await expect(wrongUser).rejects.not.toThrow('canary');
  });

  test('is not ready while the server is unavailable, and reconnects by itself', async () => {
    const [port, monitorPort] = [await freePort(), await freePort()];
    const first = await server({ port, monitorPort });
    const around = surroundings();
    const { connection } = await connect(settingsFor(first.url), around);
    const statuses = connection.status();
    const attempts = async (count: number): Promise<void> => {
      let seen = 0;
      for await (const { type } of statuses) if (type === 'reconnecting' && ++seen === count) return;
    };
    const reason = async () => (await around.runtime.health.report()).checks.nats;
    await first.kill();
    await vi.waitFor(async () => expect(await reason()).toMatchObject({ ok: false }), BOUND);
    await attempts(3);
    await server({ port, monitorPort });
    await vi.waitFor(async () => expect(await reason()).toEqual({ ok: true }), BOUND);
    expect(await around.runtime.metrics.text()).toContain('ironlog_nats_reconnects_total{service="test"} 1');
    await connection.flush();
  });

  test('closes at once, and ends the service, when another server answers after a reconnect', async () => {
    const [port, monitorPort] = [await freePort(), await freePort()];
    const first = await server({ port, monitorPort });
    const around = surroundings();
    const { connection } = await connect(settingsFor(first.url), around);
    await first.kill();
    await server({ port, monitorPort, name: 'impostor' });
    expect(await around.selfStop.ended).toMatchObject({ code: 'nats-wrong-server', exitCode: 75 });
    await connection.closed();
    expect(connection.isClosed()).toBe(true);
    expect((await around.runtime.health.report()).ready).toBe(false);
  });

  test('drains within its time limit although the server is unavailable, without ending the service', async () => {
    const gone = await server();
    const around = surroundings();
    const link = await connect(settingsFor(gone.url), around);
    await gone.kill();
    await link.drain(50);
    expect(link.connection.isClosed()).toBe(true);
    expect(await Promise.race([around.selfStop.ended, 'still going'])).toBe('still going');
  });

  test('sync_interval: always is recognised, and accepted', async () => {
    const { url, monitorUrl } = await server();
    const settings = settingsFor(url, { monitorUrls: [monitorUrl] });
    const { connection } = await connect(settings);
    expect(await checkDurability(connection, [monitorUrl])).toEqual({ kind: 'always' });
    await requireDurability({ connection, settings, logger: surroundings().runtime.logger });
  });

  test.each(['"2m"', '"1s"'])(
    'sync_interval: %s is refused, unless unsafe sync is allowed, which logs a warning',
    async (sync) => {
      const { url, monitorUrl } = await server({ sync });
      const settings = settingsFor(url, { monitorUrls: [monitorUrl] });
      const { connection } = await connect(settings);
      const { runtime, lines } = surroundings();
      const required = requireDurability({ connection, settings, logger: runtime.logger });
      await expect(required).rejects.toThrow(/n1 syncs every (120000|1000) ms.*IRONLOG_ALLOW_UNSAFE_SYNC/);
      await expect(required).rejects.toBeInstanceOf(ConfigError);
      await requireDurability({ connection, settings: { ...settings, allowUnsafeSync: true }, logger: runtime.logger });
      expect(lines.join('')).toContain('"level":"warn"');
    },
  );

  test('a service gets no link to a server that may lose messages, and leaves none open', async () => {
    const { url, monitorUrl } = await server({ sync: '"2m"' });
    const config = loadConfig(z.object(natsEnvironment), {
      IRONLOG_NATS_URL: url,
      IRONLOG_NATS_USER: 'gw',
      IRONLOG_NATS_PASSWORD: 'pw',
      IRONLOG_NATS_SERVER_NAME: 'n1',
      IRONLOG_NATS_MONITOR_URL: monitorUrl,
    });
    const open = (more: Partial<typeof config> = {}) =>
      openNats({ config: { ...config, ...more }, name: 'test', ...surroundings() });
    const connections = async (): Promise<unknown> =>
      ((await (await fetch(`${monitorUrl}/connz`)).json()) as { num_connections: number }).num_connections;
    await expect(open()).rejects.toThrow(/IRONLOG_ALLOW_UNSAFE_SYNC/);
    await vi.waitFor(async () => expect(await connections()).toBe(0), BOUND);
    const link = await open({ IRONLOG_ALLOW_UNSAFE_SYNC: true });
    cleanups.push(() => link.drain());
    expect(await connections()).toBe(1);
  });

  test('an unknown setting counts as unsafe: no URL, no answer, another server, no JetStream', async () => {
    const mine = await server();
    const other = await server({ name: 'n2' });
    const bare = await server({ name: 'n1', jetstream: false });
    const { connection } = await connect(settingsFor(mine.url));
    const dead = `http://127.0.0.1:${await freePort()}`;
    const reasons = [[], [dead], [other.monitorUrl], [mine.monitorUrl, bare.monitorUrl]].map(async (urls) => {
      const found = await checkDurability(connection, urls);
      return found.kind === 'unknown' ? found.reason : found.kind;
    });
    const [none, noAnswer, otherServer, noJetStream] = await Promise.all(reasons);
    expect(none).toContain('IRONLOG_NATS_MONITOR_URL is not set');
    expect(noAnswer).toContain('ECONNREFUSED');
    expect(otherServer).toContain('is n2, not the server at');
    expect(noJetStream).toContain('JetStream is not enabled on n1');
  });
});
