// Every route of the API, in the order of the document.
import type { Route } from '../http/api.ts';
import { listAttention } from './attention.ts';
import { commandVm } from './command-vm.ts';
import { vmConsole } from './console.ts';
import { createVm } from './create-vm.ts';
import { deleteVm } from './delete-vm.ts';
import { events } from './events.ts';
import { getOperation } from './get-operation.ts';
import { getVm } from './get-vm.ts';
import { health } from './health.ts';
import { listHosts } from './hosts.ts';
import { listImages } from './images.ts';
import { listOperations } from './list-operations.ts';
import { listVms } from './list-vms.ts';
import { getUsage } from './usage.ts';
import { vmEvents } from './vm-events.ts';
import { waitOperation } from './wait-operation.ts';
import { waitVm } from './wait-vm.ts';

export const ROUTES: readonly Route[] = [
  createVm,
  listVms,
  getVm,
  deleteVm,
  commandVm,
  vmEvents,
  vmConsole,
  waitVm,
  listOperations,
  getOperation,
  waitOperation,
  events,
  listHosts,
  listImages,
  listAttention,
  getUsage,
  health,
];
