// The contract: every name that two services share is defined in this package once.
export { type Action, actionSchema, DEFAULT_START_WITHIN_SECONDS, type Door, type DoorCommand, doorCommandSchema, doorSchema, MAX_START_WITHIN_SECONDS, type Request, requestSchema, type VerbParams, verbParams, type WorkCommand, workCommandSchema } from './commands.ts';
export { COMMAND_REJECTED_TYPE, type CommandRejected, commandRejectedSchema, REJECTION_CODES, type Rejection, type RejectionCode, rejectionCodeSchema, rejectionSchema } from './command-events.ts';
export { actorSchema, CLOUD_EVENTS_CONTENT_TYPE, envelopeSchema, eventEnvelopeSchema, traceparentSchema, vmEventEnvelopeSchema } from './envelope.ts';
export { type CatalogueImage, catalogueImageSchema, type Heartbeat, HOST_EVENT_NAMES, heartbeatSchema, type HostEvent, type HostEventData, type HostEventName, type HostFact, hostEventClass, hostEventData, hostEventType, type Resources, resourcesSchema } from './hosts.ts';
export { type CommandId, commandId, commandIdSchema, type EventId, eventId, eventIdSchema, type HostId, hostId, hostIdSchema, ID_PATTERN, type ImageId, imageId, imageIdSchema, RESERVED_IDS, type TenantId, tenantId, tenantIdSchema, type VmId, vmId, vmIdSchema } from './ids.ts';
export { derivedCommandId, derivedEventId, derivedVmId, newCommandId, newEventId, newVmId } from './new-id.ts';
export { OPERATION_STATUSES, type Operation, type OperationError, operationErrorSchema, operationSchema, type OperationStatus, operationStatusSchema } from './operations.ts';
export { PROBLEMS, type Problem, type ProblemCode, problemCodeSchema, problemSchema } from './problem.ts';
export { encodeEvent, type ReadEvent, readStoredEvent, sourceOf, type StoredEvent } from './stored-event.ts';
export { type CommandAddress, commandSubject, type EventAddress, FAILURE_FILTER, HOSTS_BUCKET, hostEventSubject, hostFilter, parseCommandSubject, parseEventSubject, parseWorkSubject, rejectionSubject, STREAMS, SUBJECT_PREFIX, vmEventSubject, vmFilter, type WorkAddress, workSubject, type Writer } from './subjects.ts';
export { type Timestamp, timestampSchema } from './time.ts';
export { eventClass, VM_EVENT_NAMES, type VmEvent, type VmEventData, type VmEventName, type VmFact, vmEventData, vmEventType } from './vm-events.ts';
export { labelsSchema, type RestartPolicy, restartPolicySchema, type VmSpec, type VmSpecInput, vmSpecSchema } from './vm-spec.ts';
export { type Health, healthSchema, type HypervisorKind, hypervisorKindSchema, RESIDUES, type Residue, residueSchema, type StopCause, stopCauseSchema, VERBS, VM_STATES, type Verb, type VmStateName, verbSchema, vmStateSchema } from './vm-state.ts';
export { attentionSchema, failureSchema, taskSchema, type VmView, vmViewSchema } from './vm-view.ts';
