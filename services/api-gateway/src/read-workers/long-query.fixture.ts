// For tests: makes one tenant's attention list a query of several seconds in a real file, by a view that the list reads.
import { type Db, openWriter, STATE_TABLES } from '@ironlog/read-model';
import type { TenantId } from '@ironlog/schemas';

/** A cross join of these takes SQLite a second or more. It must end: a query cannot be interrupted, and its process ends after it. */
const ROWS = 6_000;

const SLOW_QUARANTINE = `
ALTER TABLE quarantine RENAME TO quarantined;
CREATE TABLE slow_tenants (tenant TEXT NOT NULL) STRICT;
CREATE TABLE numbers (i INTEGER NOT NULL) STRICT;
CREATE VIEW quarantine AS
SELECT * FROM quarantined
UNION ALL
SELECT 'EVENTS', a.i, tenant, '', '', 0, '' FROM slow_tenants CROSS JOIN numbers AS a CROSS JOIN numbers AS b WHERE a.i + b.i < 0`;

/** Creates `file` if it is missing. The caller closes it. */
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
