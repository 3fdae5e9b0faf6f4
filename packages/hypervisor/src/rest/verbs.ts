// The verbs that are the same calls over REST, whatever the dialect: one request each, ensured by the state.
import type { Outcome } from '../outcome.ts';
import type { Hypervisor } from '../port.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { type TraceCall, untraced } from '../trace-call.ts';
import { ensure, type StateRead, type Step } from './ensure.ts';
import { pressUntilOff } from './press-until-off.ts';

/** How a dialect sends a request and reads the state. */
export interface Dialect<Request> {
  readonly send: (trace: TraceCall, handle: ProcessHandle, request: Request, deadline: AbortSignal) => Promise<Outcome>;
  readonly readState: (trace: TraceCall, handle: ProcessHandle, deadline: AbortSignal) => Promise<StateRead>;
}

export interface VerbRequests<Request> {
  readonly boot: Step & Request;
  readonly pause: Step & Request;
  readonly resume: Step & Request;
  /** The power button, or what stands for it. */
  readonly press: Request & { readonly name: string };
}

/** Sends a request as an "ensure" step. */
export const stepOf =
  <Request>({ send, readState }: Dialect<Request>, trace: TraceCall) =>
  (handle: ProcessHandle, request: Step & Request, deadline: AbortSignal): Promise<Outcome> =>
    ensure(request, {
      act: () => send(trace, handle, request, deadline),
      readState: () => readState(trace, handle, deadline),
    });

export const restVerbs = <Request>(
  dialect: Dialect<Request>,
  trace: TraceCall,
  { boot, pause, resume, press }: VerbRequests<Request>,
): Pick<Hypervisor, 'boot' | 'pause' | 'resume' | 'shutdown' | 'observe'> => {
  const { send, readState } = dialect;
  const step = stepOf(dialect, trace);
  return {
    boot: (handle, deadline) => step(handle, boot, deadline),
    pause: (handle, deadline) => step(handle, pause, deadline),
    resume: (handle, deadline) => step(handle, resume, deadline),
    shutdown: (handle, deadline) =>
      pressUntilOff(
        press.name,
        {
          identity: handle.identity,
          // A poll: no span.
          readState: () => readState(untraced, handle, deadline),
          resume: () => send(trace, handle, resume, deadline),
          press: () => send(trace, handle, press, deadline),
        },
        deadline,
      ),
    observe: async (handle, deadline) =>
      (await isAlive(handle.identity)) ? readState(trace, handle, deadline) : { ok: true, state: 'absent' },
  };
};
