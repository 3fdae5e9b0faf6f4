// The faults of a simulated VM, set in its kernel arguments: `sim.fail=vm.boot sim.hang=vm.pause`. In
// Firecracker's dialect a call is the last part of its path, its action or its state: `boot-source InstanceStart Paused`.
//   sim.fail=<call>       answer 500 (or 400)           sim.hang=<call>     never answer
//   sim.garbage=<call>    answer 200 with no JSON       sim.huge=<call>     answer with 10 MiB
//   sim.half=<call>       announce more than is sent    sim.exit=<call>     die with status 1 instead of answering
//   sim.ignore-power-button                             the guest ignores presses
//   sim.guest-poweroff-after-ms=<n>                     after boot, the guest switches itself off
//   sim.guest-reboot-after-ms=<n>                       after boot, the guest restarts itself, once
//   sim.guest-panic-after-ms=<n>                        after boot, the guest's kernel panics, and then halts
//   sim.ready-after-ms=<n>                              the guest prints its ready line so long after its start
//   sim.print=<n>                                       after boot, the guest prints n bytes each 10 ms, without end
//   sim.exit-after-ms=<n>                               after boot, the process is killed (SIGKILL)

const CALL_FAULTS = ['fail', 'hang', 'garbage', 'huge', 'half', 'exit'] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

export interface Faults {
  /** By the call's name: `vm.boot`. */
  readonly calls: ReadonlyMap<string, CallFault>;
  readonly ignorePowerButton: boolean;
  readonly guestPoweroffAfterMs: number | undefined;
  readonly guestRebootAfterMs: number | undefined;
  readonly guestPanicAfterMs: number | undefined;
  readonly readyAfterMs: number | undefined;
  readonly printBytes: number | undefined;
  readonly exitAfterMs: number | undefined;
}

/** Other arguments are the guest's; a malformed number is ignored. */
export function readFaults(kernelArgs: string): Faults {
  const words = kernelArgs.split(/\s+/).map((word) => {
    const [name = '', value = ''] = word.split('=', 2);
    return { name, value };
  });
  const whole = (key: string): number | undefined => {
    const text = words.find(({ name }) => name === key)?.value ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const callsOf = (fault: CallFault): [string, CallFault][] =>
    words.filter(({ name, value }) => name === `sim.${fault}` && value !== '').map(({ value }) => [value, fault]);
  return {
    calls: new Map(CALL_FAULTS.flatMap(callsOf)),
    ignorePowerButton: words.some(({ name }) => name === 'sim.ignore-power-button'),
    guestPoweroffAfterMs: whole('sim.guest-poweroff-after-ms'),
    guestRebootAfterMs: whole('sim.guest-reboot-after-ms'),
    guestPanicAfterMs: whole('sim.guest-panic-after-ms'),
    readyAfterMs: whole('sim.ready-after-ms'),
    printBytes: whole('sim.print'),
    exitAfterMs: whole('sim.exit-after-ms'),
  };
}

export const NO_FAULTS: Faults = readFaults('');
