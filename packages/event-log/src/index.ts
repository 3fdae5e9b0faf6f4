// JetStream behind two ports: the event log (append, read, replay, tail) and the work queue (publish, consume).
export { EventLogError, type EventLogErrorCode, LogReplacedError, LogUnavailableError } from './errors.ts';
export {
  type ConsumerDefinition,
  executorConsumer,
  gatewayConsumers,
  recoveryConsumer,
} from './jetstream/consume/consumers.ts';
export { createEventLog, type EventLogOptions } from './jetstream/event-log.ts';
export { configDifferences, createStreamCheck } from './jetstream/stream-check.ts';
export { createStreamTimeReader } from './jetstream/stream-time.ts';
export { hostsBucketConfig, imagesBucketConfig, type StreamDefinition, streamConfigs } from './jetstream/streams.ts';
export { createWorkQueue, type WorkQueueOptions } from './jetstream/work-queue.ts';
export { createMemoryEventLog, type MemoryEventLogOptions } from './memory/event-log.ts';
export { type Loss, type MemoryStream, memoryStream } from './memory/memory-store.ts';
export type { Observation, Observe } from './observation.ts';
export type { AppendRequest, AppendResult, EventLog, LogInfo, Recorded, ReplayRange, TailOptions } from './port.ts';
export type { ConsumeOptions, Delivery, PublishResult, UnacknowledgedMessage, WorkQueue } from './queue-port.ts';
export { hashOf } from './recorded.ts';
