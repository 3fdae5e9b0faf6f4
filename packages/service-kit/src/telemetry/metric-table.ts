/** Every metric of every service, defined once, so that names are unique and labels consistent. */

/** Seconds; from a socket call to a slow boot. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Powers of about three, for counts. */
const COUNTS = [1, 3, 10, 30, 100, 300, 1000] as const;

type Definition =
  | { readonly type: 'counter' | 'gauge'; readonly help: string; readonly labels: readonly string[] }
  | {
      readonly type: 'histogram';
      readonly help: string;
      readonly labels: readonly string[];
      readonly buckets: readonly number[];
    };

/** Name to definition. Labels have small closed sets (verbs, outcomes), never ids, which are unbounded. */
export const METRICS = {
  // every service
  ironlog_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines that could not be written, as on a full disk.',
    labels: [],
  },
  // api-gateway
  ironlog_http_requests_total: {
    type: 'counter',
    help: 'HTTP requests answered.',
    labels: ['method', 'route', 'status'],
  },
  ironlog_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from an HTTP request to its answer.',
    labels: ['method', 'route'],
    buckets: SECONDS,
  },
  ironlog_commands_total: {
    type: 'counter',
    help: 'Commands validated by the gateway.',
    labels: ['door', 'verb', 'outcome'],
  },
  ironlog_command_accept_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a command to its durable acknowledgement.',
    labels: ['door'],
    buckets: SECONDS,
  },
  ironlog_nats_door_messages_total: {
    type: 'counter',
    help: 'Messages read from the NATS ingress, by outcome.',
    labels: ['outcome'],
  },
  ironlog_sse_clients: { type: 'gauge', help: 'Clients that follow events over server-sent events.', labels: [] },
  ironlog_waiters: { type: 'gauge', help: 'Requests that wait for an operation or a state.', labels: [] },
  ironlog_read_queue_depth: { type: 'gauge', help: 'Lists and searches that wait for a read worker.', labels: [] },
  ironlog_read_wait_seconds: {
    type: 'histogram',
    help: 'Time that a list or search waited for a read worker.',
    labels: ['query'],
    buckets: SECONDS,
  },
  ironlog_read_duration_seconds: {
    type: 'histogram',
    help: 'Time of a list or search in its read worker.',
    labels: ['query'],
    buckets: SECONDS,
  },
  ironlog_reads_refused_total: {
    type: 'counter',
    help: 'Lists and searches that were not answered, by reason.',
    labels: ['reason'],
  },
  ironlog_read_workers: {
    type: 'gauge',
    help: 'Read workers by state: idle, busy, or abandoned in a query past its deadline.',
    labels: ['state'],
  },
  ironlog_read_workers_lost_total: {
    type: 'counter',
    help: 'Read workers that were replaced: died, or past the deadline of a query.',
    labels: ['reason'],
  },
  ironlog_hosts_live: { type: 'gauge', help: 'Hosts whose heartbeats reach this gateway.', labels: [] },
  ironlog_placements_total: { type: 'counter', help: 'Placement decisions.', labels: ['outcome'] },
  ironlog_authentications_refused_total: {
    type: 'counter',
    help: 'Requests refused because of their bearer token.',
    labels: ['code'],
  },
  // vm-executor
  ironlog_tasks_total: { type: 'counter', help: 'Tasks that ended, by verb and outcome.', labels: ['verb', 'outcome'] },
  ironlog_task_duration_seconds: {
    type: 'histogram',
    help: "Time from a task's intent to its recorded outcome.",
    labels: ['verb', 'outcome'],
    buckets: SECONDS,
  },
  ironlog_hypervisor_call_duration_seconds: {
    type: 'histogram',
    help: 'Time of one call to a hypervisor socket.',
    labels: ['driver', 'call', 'outcome'],
    buckets: SECONDS,
  },
  ironlog_vms: { type: 'gauge', help: 'VMs of this host by state.', labels: ['state'] },
  ironlog_hypervisor_processes: { type: 'gauge', help: 'Live hypervisor processes of this host.', labels: [] },
  ironlog_crashes_total: {
    type: 'counter',
    help: 'Hypervisor processes that died unexpectedly.',
    labels: ['origin'],
  },
  ironlog_crash_detection_seconds: {
    type: 'histogram',
    help: 'Time from detecting a dead hypervisor process to its recorded event.',
    labels: ['origin'],
    buckets: SECONDS,
  },
  ironlog_unsettled_vms: {
    type: 'gauge',
    help: 'VMs that could not be reconciled with their processes; retried every few seconds.',
    labels: [],
  },
  ironlog_adoptions_total: { type: 'counter', help: 'Live hypervisor processes adopted at start.', labels: [] },
  ironlog_reaped_total: { type: 'counter', help: 'Processes and files without a VM, removed.', labels: ['kind'] },
  ironlog_mailbox_depth: { type: 'gauge', help: 'Commands that wait in the mailboxes of all VMs.', labels: [] },
  ironlog_divergences_total: {
    type: 'counter',
    help: 'VMs found in another state than the recorded one.',
    labels: ['resolution'],
  },
  ironlog_health_checks_total: {
    type: 'counter',
    help: "Health checks of a running VM's process, by result.",
    labels: ['outcome'],
  },
  // state-projector
  ironlog_projector_events_applied_total: {
    type: 'counter',
    help: 'Events folded into the read model.',
    labels: ['projection'],
  },
  ironlog_projector_batch_size: {
    type: 'histogram',
    help: 'Events per transaction.',
    labels: ['projection'],
    buckets: COUNTS,
  },
  ironlog_projector_lag_sequences: {
    type: 'gauge',
    help: 'Stream sequences between the checkpoint and the end of the stream, which is read every two seconds.',
    labels: ['projection'],
  },
  ironlog_projector_checkpoint_sequence: {
    type: 'gauge',
    help: 'Stream sequence up to which the read model is current.',
    labels: ['projection'],
  },
  ironlog_projector_rebuilds_total: {
    type: 'counter',
    help: 'Files of the read model built from the log, by cause: missing, damaged, of another schema, requested.',
    labels: ['kind', 'reason'],
  },
  ironlog_quarantined_total: {
    type: 'counter',
    help: 'Messages that are no valid event or command, quarantined.',
    labels: ['stream', 'code'],
  },
  // recovery-worker
  ironlog_recovery_tasks_total: {
    type: 'counter',
    help: 'Failures examined, by decision.',
    labels: ['decision'],
  },
  ironlog_recovery_attempts_total: {
    type: 'counter',
    help: 'Commands published to recover from a failure.',
    labels: ['verb'],
  },
  ironlog_recovery_abandoned_total: {
    type: 'counter',
    help: 'Failures left to an operator after the last attempt.',
    labels: [],
  },
  ironlog_recovery_stuck_total: { type: 'counter', help: 'Tasks found past their deadline.', labels: [] },
  ironlog_recovery_expired_total: {
    type: 'counter',
    help: 'Commands whose startBy passed before any host began.',
    labels: [],
  },
  ironlog_attention_items: {
    type: 'gauge',
    help: 'Open attention entries of all tenants: VMs, hosts, and messages in quarantine.',
    labels: ['kind'],
  },
  // every service
  ironlog_nats_connected: { type: 'gauge', help: '1 while connected to the expected NATS server, else 0.', labels: [] },
  ironlog_host_clock_offset_seconds: {
    type: 'gauge',
    help: "Wall clock of the service's machine minus nats-server's; positive is ahead.",
    labels: [],
  },
  ironlog_nats_reconnects_total: { type: 'counter', help: 'Times that a lost NATS connection came back.', labels: [] },
  ironlog_nats_errors_total: { type: 'counter', help: 'Errors that the NATS connection reported.', labels: ['kind'] },
  ironlog_consumer_found: {
    type: 'gauge',
    help: '1 while the durable consumer of the service exists, 0 while it is missing.',
    labels: ['consumer'],
  },
  ironlog_log_append_duration_seconds: {
    type: 'histogram',
    help: 'Time from an append to its acknowledgement.',
    labels: ['stream', 'outcome'],
    buckets: SECONDS,
  },
  ironlog_log_append_conflicts_total: {
    type: 'counter',
    help: 'Appends refused because the expected sequence was not the last.',
    labels: ['stream'],
  },
  ironlog_log_append_unknown_total: {
    type: 'counter',
    help: 'Appends without an acknowledgement.',
    labels: ['stream'],
  },
} as const satisfies Readonly<Record<string, Definition>>;

/** Any metric's name. */
export type MetricName = keyof typeof METRICS;

/** Names of the metrics of one type. */
export type NameOf<Type extends Definition['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** Labels of a metric. */
export type LabelOf<Name extends MetricName> = (typeof METRICS)[Name]['labels'][number];
