// The tables of the two files. Rows can be thrown away: a change of shape, or of what a row says, is a new version, and a rebuild from the log.
// Every rebuild pays for each index: none that no query needs (queries/plans.test.ts), and partial where few rows are looked for.
export const SCHEMA_VERSION = 12;

const CHECKPOINT = `
CREATE TABLE IF NOT EXISTS checkpoint (
  stream TEXT PRIMARY KEY, log_created_at TEXT NOT NULL, sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

export const STATE_TABLES = `
${CHECKPOINT}
CREATE TABLE IF NOT EXISTS vms (
  created_sequence INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, scope INTEGER NOT NULL, state TEXT NOT NULL, host TEXT,
  search TEXT NOT NULL, attention INTEGER NOT NULL, task_deadline TEXT, expires_at TEXT, restart_at TEXT, image TEXT, body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
-- Holds all that a VM is filtered by, but labels: a list reads no row that it does not show.
CREATE INDEX IF NOT EXISTS vms_listed ON vms (tenant, scope, id, state, host, search);
CREATE INDEX IF NOT EXISTS vms_by_state ON vms (tenant, scope, state, id);
CREATE INDEX IF NOT EXISTS vms_by_host ON vms (tenant, scope, host, id) WHERE host IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_attention ON vms (tenant, created_sequence) WHERE attention = 1;
CREATE INDEX IF NOT EXISTS vms_deadline ON vms (task_deadline) WHERE task_deadline IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_expiry ON vms (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_restart ON vms (restart_at) WHERE restart_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS vms_image ON vms (image) WHERE image IS NOT NULL AND scope = 0;
CREATE TABLE IF NOT EXISTS vm_labels (
  tenant TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, scope INTEGER NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (tenant, key, value, scope, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenant_numbers (tenant TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- The trigrams of search: see scope.ts for the rowids.
CREATE VIRTUAL TABLE IF NOT EXISTS vm_text USING fts5 (
  text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE IF NOT EXISTS vm_text_terms USING fts5vocab (vm_text, instance);
CREATE TABLE IF NOT EXISTS operations (
  tenant TEXT NOT NULL, id TEXT NOT NULL, vm_id TEXT, status TEXT NOT NULL, requested_ms INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS operations_in_order ON operations (tenant, requested_ms, id);
CREATE INDEX IF NOT EXISTS operations_of_vm ON operations (tenant, vm_id, requested_ms, id);
CREATE INDEX IF NOT EXISTS operations_not_succeeded ON operations (tenant, status, requested_ms, id) WHERE status <> 'succeeded';
CREATE TABLE IF NOT EXISTS pending_commands (
  tenant TEXT NOT NULL, id TEXT NOT NULL, vm_id TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL,
  start_by TEXT NOT NULL, sequence INTEGER NOT NULL, requested_ms INTEGER NOT NULL, search TEXT, labels TEXT, body TEXT NOT NULL, PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS pending_in_order ON pending_commands (tenant, requested_ms, id);
CREATE INDEX IF NOT EXISTS pending_by_vm ON pending_commands (tenant, vm_id, requested_ms, id);
CREATE INDEX IF NOT EXISTS pending_creates ON pending_commands (tenant, vm_id, sequence, search) WHERE verb = 'create';
CREATE INDEX IF NOT EXISTS pending_by_time ON pending_commands (tenant, start_by, id);
CREATE TABLE IF NOT EXISTS hosts (id TEXT PRIMARY KEY, status TEXT NOT NULL, since TEXT NOT NULL, reason TEXT, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS wrong_clocks (host TEXT PRIMARY KEY, since TEXT NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS images (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, added_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS usage (
  tenant TEXT NOT NULL, vm_id TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, cpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
  PRIMARY KEY (tenant, vm_id, started_at)
) STRICT, WITHOUT ROWID;
-- What began and ended on a day (UTC): the change of what runs, and how long that ran until the day's end. REAL, for a sum of
-- memory can be greater than a 64-bit integer; whole numbers are exact in it up to 2^53.
CREATE TABLE IF NOT EXISTS usage_days (
  tenant TEXT NOT NULL, day TEXT NOT NULL, vms REAL NOT NULL, cpus REAL NOT NULL, memory_mib REAL NOT NULL,
  vm_ms REAL NOT NULL, cpu_ms REAL NOT NULL, memory_mib_ms REAL NOT NULL, PRIMARY KEY (tenant, day)
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
