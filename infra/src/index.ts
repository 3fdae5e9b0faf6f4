// What tests and the bench use of the set-up: the binaries it finds, and a nats-server of their own.

export { type DemoKernel, ensureDemoKernel } from '../dev/demo-kernel.ts';
export { findNatsServer } from '../dev/nats-server.ts';
export { CACHE_DIR, DEV_FILE, privateDirectory, ROOT } from '../dev/paths.ts';
export { type Plane, type PlaneOptions, startPlane } from '../dev/plane.ts';
export { choosePort } from '../dev/ports.ts';
export { type FoundQemu, findQemu } from '../dev/qemu.ts';
export { waitUntilReady } from '../dev/readiness.ts';
export { say } from '../dev/say.ts';
export { shutDownVms } from '../dev/shut-down.ts';
export { UsageError } from '../dev/usage-error.ts';
export { clientUser, executorUser, inboxPrefix } from '../nats/accounts.ts';
export { MAX_PAYLOAD_BYTES } from '../nats/config-file.ts';
export { type KeptNats, keepNats } from '../nats/kept-nats.ts';
export { type NatsOptions, type NatsProcess, startNats } from '../nats/nats-process.ts';
