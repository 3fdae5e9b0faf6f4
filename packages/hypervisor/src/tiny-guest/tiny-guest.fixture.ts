// The tiny guest: some hundred bytes that boot in milliseconds under Cloud Hypervisor, Firecracker and QEMU (microvm), with
// KVM and TCG. It prints that it is ready, prints a dot ten times a second, and handles the power button.
import { writeFile } from 'node:fs/promises';
import { Assembler } from './assembler.fixture.ts';
import { elfOf } from './elf.fixture.ts';

export interface TinyGuest {
  /** Its own action after so many hundredths of a second; none by default. */
  readonly after?: { readonly ticks: number; readonly what: 'power-off' | 'reset' | 'panic' };
}

export const TINY_READY = 'ironlog-guest: ready';
const BASE = 0x1000000;
const MEMORY_BYTES = 0x4000;
const PRESSED = BASE + 0x3000;
const TICKS = BASE + 0x3004;
const STACK = BASE + 0x3ff0;
const SERIAL = 0x3f8;

const LAPIC = 0xfee00000;
const IOAPIC = 0xfec00000;
const TIMER_VECTOR = 0x20;
const BUTTON_VECTOR = 0x21;
/** The local timer runs at 1 GHz under KVM and QEMU: a tick each 10 ms. */
const TIMER_COUNT = 10_000_000;
const TICKS_PER_DOT = 10;
/**
 * Firecracker's keyboard, and the ACPI event devices of QEMU and Cloud Hypervisor. Other pins are ignored:
 * Firecracker's devices, from 5 on, interrupt at each resume.
 */
const BUTTON_PINS = [1, 9, 13];

const CALL = [0xe8];
const JUMP = [0xe9];
const JUMP_IF_ZERO = [0x0f, 0x84];
const JUMP_UNLESS_ZERO = [0x0f, 0x85];
const HALT = 0xf4;
const STI = 0xfb;
const CLI = 0xfa;

/** Writes the kernel's file, mode 0600. */
export const writeTinyGuest = async (path: string, guest: TinyGuest = {}): Promise<void> =>
  writeFile(path, tinyGuest(guest), { mode: 0o600 });

export function tinyGuest({ after }: TinyGuest = {}): Buffer {
  const asm = new Assembler(BASE);
  segments(asm);
  interrupts(asm);
  asm.bytes(0xbe).word('ready').jump(CALL, 'print');
  asm.store(TICKS, 0).store(PRESSED, 0);
  asm.label('loop').bytes(STI, HALT, CLI);
  asm.label('woken');
  asm.bytes(0x83, 0x3d).word(PRESSED).bytes(0).jump(JUMP_UNLESS_ZERO, 'button'); // cmp dword [PRESSED], 0
  if (after !== undefined) asm.bytes(0x81, 0x3d).word(TICKS).word(after.ticks).jump([0x0f, 0x83], after.what); // jae
  // A dot each tenth of a second: eax = ticks, edx = its rest.
  asm.bytes(0xa1).word(TICKS).bytes(0x31, 0xd2, 0xb9).word(TICKS_PER_DOT).bytes(0xf7, 0xf1, 0x85, 0xd2);
  asm.jump(JUMP_UNLESS_ZERO, 'loop').out8(SERIAL, '.'.charCodeAt(0)).jump(JUMP, 'loop');
  endings(asm);
  asm.label('print').bytes(0x66, 0xba, SERIAL & 0xff, SERIAL >> 8);
  asm.label('next').bytes(0xac, 0x84, 0xc0).jump(JUMP_IF_ZERO, 'printed').bytes(0xee).jump(JUMP, 'next'); // lodsb
  asm.label('printed').bytes(0xc3);
  asm.label('ready').text(`${TINY_READY}\n`).label('off').text('ironlog-guest: shutting down\n');
  tables(asm);
  return elfOf(asm.assemble(), BASE, MEMORY_BYTES);
}

/** Loads its own segments: an interrupt reloads segments, and the initial ones do not allow that. */
function segments(asm: Assembler): void {
  asm.bytes(CLI, 0xbc).word(STACK).bytes(0x0f, 0x01, 0x15).word('gdtr');
  asm.bytes(0xea).word('flat').bytes(0x08, 0x00); // jmp 0x08:flat
  asm.label('flat').bytes(0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0); // ds, es, ss
  asm.bytes(0x0f, 0x01, 0x1d).word('idtr');
}

function interrupts(asm: Assembler): void {
  // Disables the legacy interrupt controllers and their pin to the processor.
  asm
    .out8(0x21, 0xff)
    .out8(0xa1, 0xff)
    .store(LAPIC + 0x350, 0x10000);
  asm.store(LAPIC + 0xf0, 0x1ff).store(LAPIC + 0x3e0, 0xb);
  asm.store(LAPIC + 0x320, 0x20000 | TIMER_VECTOR).store(LAPIC + 0x380, TIMER_COUNT);
  for (const pin of BUTTON_PINS) {
    asm.store(IOAPIC, 0x11 + pin * 2).store(IOAPIC + 0x10, 0);
    asm.store(IOAPIC, 0x10 + pin * 2).store(IOAPIC + 0x10, BUTTON_VECTOR);
  }
}

/** Each hypervisor reacts to only one of these. */
function endings(asm: Assembler): void {
  asm.label('button').label('power-off').bytes(0xbe).word('off').jump(CALL, 'print');
  // S5 by Cloud Hypervisor's port, then QEMU's ACPI registers; Firecracker exits at a reset.
  asm.out8(0x600, 0x34).bytes(0xc6, 0x05).word(0xfea00200).bytes(0x34).out8(0x64, 0xfe).jump(JUMP, 'end');
  // Reset: QEMU's ACPI register, the others' keyboard controller.
  asm.label('reset').bytes(0xc6, 0x05).word(0xfea00202).bytes(0x42).out8(0x64, 0xfe).jump(JUMP, 'end');
  asm.label('panic').out8(0x505, 1);
  asm.label('end').bytes(CLI, HALT).jump(JUMP, 'end');
  asm.label('tick').bytes(0xff, 0x05).word(TICKS).jump(JUMP, 'served');
  asm.label('pressed').store(PRESSED, 1);
  // No iret: some KVMs cannot emulate it in protected mode, and only the halt is ever interrupted.
  asm
    .label('served')
    .store(LAPIC + 0xb0, 0)
    .bytes(0xbc)
    .word(STACK)
    .jump(JUMP, 'woken');
}

function tables(asm: Assembler): void {
  asm.align(8).label('gdt').word(0).word(0);
  asm.word(0x0000ffff).word(0x00cf9a00).word(0x0000ffff).word(0x00cf9200);
  asm.label('gdtr').bytes(23, 0).word('gdt').label('idtr').bytes(0x0f, 0x01).word('idt');
  asm
    .align(8)
    .label('idt')
    .bytes(...Array.from({ length: TIMER_VECTOR * 8 }, () => 0));
  for (const label of ['tick', 'pressed']) asm.gate(label);
}
