// The tables of the two files. Rows can be thrown away: a change of shape, or of what a row says, is a new version, and a rebuild from the log.
// Every rebuild pays for each index: none that no query needs (queries/plans.test.ts), and partial where few rows are looked for.
export const SCHEMA_VERSION = 9;

const CHECKPOINT = `
CREATE TABLE IF NOT EXISTS checkpoint (
  stream TEXT PRIMARY KEY, log_created_at TEXT NOT NULL, sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

export const STATE_TABLES = `
${CHECKPOINT}
CREATE TABLE IF NOT EXISTS vms (
  tenant TEXT NOT NULL, id TEXT NOT NULL, created_sequence INTEGER NOT NULL, state TEXT NOT NULL, host TEXT, name TEXT NOT NULL,
  deleted INTEGER NOT NULL, attention INTEGER NOT NULL, task_deadline TEXT, expires_at TEXT, restart_at TEXT, image TEXT, body TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS vms_in_order ON vms (tenant, created_sequence);
CREATE INDEX IF NOT EXISTS vms_live ON vms (tenant, created_sequence) WHERE deleted = 0 AND state <> 'absent';
CREATE INDEX IF NOT EXISTS vms_attention ON vms (tenant, created_sequence) WHERE attention = 1;
CREATE INDEX IF NOT EXISTS vms_deadline ON vms (task_deadline) WHERE task_deadline IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_expiry ON vms (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_restart ON vms (restart_at) WHERE restart_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_image ON vms (image) WHERE image IS NOT NULL AND deleted = 0;
CREATE TABLE IF NOT EXISTS vm_labels (
  tenant TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant, id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (
  tenant TEXT NOT NULL, id TEXT NOT NULL, vm_id TEXT, status TEXT NOT NULL, created_sequence INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS operations_in_order ON operations (tenant, created_sequence);
CREATE INDEX IF NOT EXISTS operations_of_vm ON operations (tenant, vm_id, created_sequence);
CREATE INDEX IF NOT EXISTS operations_not_succeeded ON operations (tenant, status, created_sequence) WHERE status <> 'succeeded';
CREATE TABLE IF NOT EXISTS pending_commands (
  tenant TEXT NOT NULL, id TEXT NOT NULL, vm_id TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL,
  start_by TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS pending_in_order ON pending_commands (tenant, sequence);
CREATE INDEX IF NOT EXISTS pending_by_vm ON pending_commands (tenant, vm_id, sequence);
CREATE INDEX IF NOT EXISTS pending_by_time ON pending_commands (tenant, start_by, id);
CREATE TABLE IF NOT EXISTS hosts (id TEXT PRIMARY KEY, status TEXT NOT NULL, since TEXT NOT NULL, reason TEXT, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS images (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, added_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS usage (
  tenant TEXT NOT NULL, vm_id TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, cpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
  PRIMARY KEY (tenant, vm_id, started_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
  stream TEXT NOT NULL, sequence INTEGER NOT NULL, tenant TEXT, subject TEXT NOT NULL, reason TEXT NOT NULL, bytes INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (stream, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS quarantine_of_tenant ON quarantine (tenant, at);
`;

export const HISTORY_TABLES = `
${CHECKPOINT}
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY, kind TEXT NOT NULL, tenant TEXT, vm_id TEXT, time TEXT NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
  subject TEXT NOT NULL, hash TEXT NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_of_vm ON events (tenant, vm_id, sequence);
CREATE INDEX IF NOT EXISTS events_of_tenant ON events (tenant, sequence);
`;
