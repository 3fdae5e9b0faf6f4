// A 64-bit ELF that each hypervisor boots directly: one PT_LOAD, and a PVH note with its 32-bit entry.

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** XEN_ELFNOTE_PHYS32_ENTRY */
const PVH_ENTRY = 18;
const READ_WRITE_EXECUTE = 7;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** The code is loaded at `address`, and entered there in 32-bit protected mode without paging. */
export function elfOf(code: Uint8Array, address: number, memoryBytes: number): Buffer {
  const noteAt = HEADER_BYTES + 2 * SEGMENT_BYTES;
  const note = noteOf(address);
  const codeAt = 0x1000;
  const header = Buffer.alloc(HEADER_BYTES);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(header);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(address), 24);
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(SEGMENT_BYTES, 54);
  header.writeUInt16LE(2, 56);
  const load = { type: PT_LOAD, offset: codeAt, address, fileBytes: code.length, memoryBytes };
  const noted = { type: PT_NOTE, offset: noteAt, address: 0, fileBytes: note.length, memoryBytes: note.length };
  const head = Buffer.concat([header, segmentOf(load), segmentOf(noted), note]);
  return Buffer.concat([head, Buffer.alloc(codeAt - head.length), code]);
}

function segmentOf({ type, offset, address, fileBytes, memoryBytes }: Segment): Buffer {
  const segment = Buffer.alloc(SEGMENT_BYTES);
  segment.writeUInt32LE(type, 0);
  segment.writeUInt32LE(READ_WRITE_EXECUTE, 4);
  for (const [index, value] of [offset, address, address, fileBytes, memoryBytes, 4].entries())
    segment.writeBigUInt64LE(BigInt(value), 8 + index * 8);
  return segment;
}

function noteOf(entry: number): Buffer {
  const note = Buffer.alloc(20);
  for (const [index, value] of [4, 4, PVH_ENTRY].entries()) note.writeUInt32LE(value, index * 4);
  note.write('Xen\0', 12);
  note.writeUInt32LE(entry, 16);
  return note;
}
