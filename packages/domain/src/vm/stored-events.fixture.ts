// For tests: events as earlier releases stored them, byte for byte. EVENTS is kept for good, so the fold must accept
// them.
export interface StoredBytes {
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** Stored before `cancelled` had the data of the create: it names the create's id only. */
export const CANCELLED_WITHOUT_CREATE: StoredBytes = {
  subject: 'ironlog.evt.vm.acme.vm-1.gateway.fact',
  bytes: new TextEncoder().encode(
    '{"specversion":"1.0","type":"ironlog.vm.cancelled.v1","source":"/api-gateway","subject":"vm-1","tenant":"acme","datacontenttype":"application/json","id":"evt-ff0caaaf402fb4a3a7313c5e8a43fc9590b71363","time":"2026-01-01T00:00:05.010Z","actor":"token-2","causationid":"cmd-delete","correlationid":"cmd-delete","revision":1,"data":{"request":{"verb":"delete","door":"http","requestedAt":"2026-01-01T00:00:05.000Z","startBy":"2026-01-01T00:10:05.000Z","bodyHash":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"},"reason":"deleted before any host had claimed it","cancels":"cmd-create"}}',
  ),
};
