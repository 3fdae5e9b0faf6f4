// For tests: makes the attention list of one tenant a query of seconds in a real file, by a view that the list then reads.
import { type Db, openWriter, STATE_TABLES } from '@ironlog/read-model';
import type { TenantId } from '@ironlog/schemas';

/** Each is compared with each: a second or more of SQLite's work. It ends, as a query cannot be cut off, and no process without it. */
const ROWS = 6_000;

const SLOW_QUARANTINE = `
ALTER TABLE quarantine RENAME TO quarantined;
CREATE TABLE slow_tenants (tenant TEXT NOT NULL) STRICT;
CREATE TABLE numbers (i INTEGER NOT NULL) STRICT;
CREATE VIEW quarantine AS
SELECT * FROM quarantined
UNION ALL
SELECT 'EVENTS', a.i, tenant, '', '', 0, '' FROM slow_tenants CROSS JOIN numbers AS a CROSS JOIN numbers AS b WHERE a.i + b.i < 0`;

/** `file` is there or is made. The caller closes it. */
export const withLongAttention = (file: string, tenant: TenantId, rows = ROWS): Db => {
  const db = openWriter(file, STATE_TABLES);
  db.exec(SLOW_QUARANTINE);
  db.prepare('INSERT INTO slow_tenants VALUES (?)').run(tenant);
  const insert = db.prepare('INSERT INTO numbers VALUES (?)');
  db.transaction(() => {
    for (let i = 0; i < rows; i += 1) insert.run(i);
  })();
  return db;
};
