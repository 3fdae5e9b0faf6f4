// What a simulated VM can be told to do wrong, in its kernel arguments: `sim.fail=vm.boot sim.hang=vm.pause`.
//   sim.fail=<call>       answer 500                    sim.hang=<call>     never answer
//   sim.garbage=<call>    answer 200 with no JSON       sim.huge=<call>     answer with 10 MiB
//   sim.half=<call>       announce more than is sent    sim.exit=<call>     die with status 1 instead of answering
//   sim.ignore-power-button                             the guest does not listen
//   sim.poweroff-after-ms=<n>, sim.crash-after-ms=<n>   after boot, the guest powers off, or the process dies
export type CallFault = 'fail' | 'hang' | 'garbage' | 'huge' | 'half' | 'exit';
const CALL_FAULTS: readonly CallFault[] = ['fail', 'hang', 'garbage', 'huge', 'half', 'exit'];

export interface Faults {
  readonly calls: ReadonlyMap<string, CallFault>;
  readonly ignorePowerButton: boolean;
  readonly poweroffAfterMs: number | undefined;
  readonly crashAfterMs: number | undefined;
}

export const NO_FAULTS: Faults = {
  calls: new Map(),
  ignorePowerButton: false,
  poweroffAfterMs: undefined,
  crashAfterMs: undefined,
};

export const readFaults = (kernelArgs: string): Faults => {
  const words = kernelArgs.split(/\s+/).map((word) => word.split('=', 2) as [string, string?]);
  const number = (key: string): number | undefined => {
    const text = words.find(([name]) => name === key)?.[1];
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const calls = CALL_FAULTS.flatMap((fault) =>
    words.filter(([name, call]) => name === `sim.${fault}` && call).map(([, call]) => [call ?? '', fault] as const),
  );
  return {
    calls: new Map(calls),
    ignorePowerButton: words.some(([name]) => name === 'sim.ignore-power-button'),
    poweroffAfterMs: number('sim.poweroff-after-ms'),
    crashAfterMs: number('sim.crash-after-ms'),
  };
};
