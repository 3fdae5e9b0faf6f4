// Passes a TCG guest its clock rate. A guest that calibrates it against the emulated PIT fails on a busy host, and
// then hangs in early boot: 4 of 4 on two loaded cores, 0 of 4 with the rate given (Linux 6.1, QEMU 7.2).
import { readFile } from 'node:fs/promises';

/** Linux's own parameters; TCG passes the host's TSC through. Empty where /proc/cpuinfo has no rate. */
export async function clockArguments(): Promise<string> {
  const kiloHertz = fastestKiloHertz(await readFile('/proc/cpuinfo', 'utf8'));
  return kiloHertz === null ? 'no_timer_check' : `no_timer_check tsc_early_khz=${kiloHertz}`;
}

/** The highest `cpu MHz`: an idle core reports less than the TSC's rate. */
export function fastestKiloHertz(cpuinfo: string): number | null {
  const rates = [...cpuinfo.matchAll(/^cpu MHz\s*:\s*(\d+(?:\.\d+)?)$/gm)].map(([, mega]) => Number(mega));
  return rates.length === 0 ? null : Math.round(Math.max(...rates) * 1000);
}
