// The set-up for tests and the bench: the binaries it finds, and a nats-server of their own.

export { debianImage } from '../dev/image/debian-image.ts';
export { packImage } from '../dev/image/pack-image.ts';
export { CACHE_DIR, DEV_FILE, privateDirectory, ROOT } from '../dev/paths.ts';
export { type Plane, type PlaneOptions, startPlane } from '../dev/plane/plane.ts';
export { choosePort } from '../dev/plane/ports.ts';
export { waitUntilReady } from '../dev/plane/readiness.ts';
export { PROJECTOR_NODE_OPTIONS } from '../dev/plane/services.ts';
export { shutDownVms } from '../dev/plane/shut-down-vms.ts';
export { type DemoKernel, ensureDemoKernel } from '../dev/setup/demo-kernel.ts';
export { findNatsServer } from '../dev/setup/nats-server.ts';
export { type FoundQemu, findQemu } from '../dev/setup/qemu.ts';
export { print } from '../dev/terminal/print.ts';
export { UsageError } from '../dev/usage-error.ts';
export { clientUser, executorUser, inboxPrefix } from '../nats/accounts.ts';
export { MAX_PAYLOAD_BYTES } from '../nats/config-file.ts';
export { type NatsOptions, type NatsProcess, startNats } from '../nats/nats-process.ts';
export { type SupervisedNats, superviseNats } from '../nats/supervised-nats.ts';
