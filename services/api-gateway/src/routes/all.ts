// Every route of the API, in the order of the document.
import type { Route } from '../http/api.ts';
import { listAttention } from './fleet/attention.ts';
import { events } from './fleet/events.ts';
import { listHosts } from './fleet/hosts.ts';
import { getUsage } from './fleet/usage.ts';
import { guide } from './guide.ts';
import { health } from './health.ts';
import { addImage } from './images/add-image.ts';
import { fetchImage } from './images/fetch-image.ts';
import { getImage } from './images/get-image.ts';
import { listImages } from './images/list-images.ts';
import { removeImage } from './images/remove-image.ts';
import { getOperation } from './operations/get-operation.ts';
import { listOperations } from './operations/list-operations.ts';
import { waitOperation } from './operations/wait-operation.ts';
import { serviceInfo } from './service-info.ts';
import { commandVm } from './vms/command-vm.ts';
import { vmConsole } from './vms/console.ts';
import { createVm } from './vms/create-vm.ts';
import { deleteVm } from './vms/delete-vm.ts';
import { getVm } from './vms/get-vm.ts';
import { listVms } from './vms/list-vms.ts';
import { vmEvents } from './vms/vm-events.ts';
import { waitVm } from './vms/wait-vm.ts';

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
  addImage,
  listImages,
  getImage,
  removeImage,
  fetchImage,
  listAttention,
  getUsage,
  health,
  serviceInfo,
  guide,
];
