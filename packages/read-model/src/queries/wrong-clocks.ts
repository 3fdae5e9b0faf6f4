// The attention entries of the hosts whose clock is wrong.
import { type AttentionItem, type HostEventData, hostIdSchema } from '@ironlog/schemas';
import type { Db } from '../database.ts';

interface Row {
  host: string;
  since: string;
  body: string;
}

export const prepareWrongClocks = (db: Db) => {
  const all = db.prepare<[number], Row>('SELECT host, since, body FROM wrong_clocks ORDER BY host LIMIT ?');
  return (limit: number): AttentionItem[] => all.all(limit).map(itemOf);
};

const itemOf = ({ host, since, body }: Row): AttentionItem => {
  const { reason, actionRequired } = JSON.parse(body) as HostEventData['clock-wrong'];
  return {
    kind: 'host-clock-wrong',
    since,
    reason,
    actionRequired,
    tenant: null,
    vmId: null,
    host: hostIdSchema.parse(host),
  };
};
