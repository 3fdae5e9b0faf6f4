// Splits a QMP stream into lines of bounded length: a faulty QEMU must not exhaust memory.

/** A query's answer is a few KiB; no expected answer comes near this. */
export const MAX_LINE_BYTES = 256 * 1024;

export type LineResult = { readonly ok: true; readonly lines: readonly string[] } | { readonly ok: false };

export class QmpLines {
  #rest: Buffer = Buffer.alloc(0);

  /** The lines completed by `chunk`; never ok again once a line exceeds the limit. */
  take(chunk: Buffer): LineResult {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
      if (end - from > MAX_LINE_BYTES) return { ok: false };
      const line = bytes.toString('utf8', from, end).trim();
      if (line !== '') lines.push(line);
      from = end + 1;
    }
    this.#rest = bytes.subarray(from);
    return this.#rest.length > MAX_LINE_BYTES ? { ok: false } : { ok: true, lines };
  }
}
