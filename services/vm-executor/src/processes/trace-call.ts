// A span for each request to a hypervisor's socket within a trace. Health checks and other requests without a command
// have no trace. Attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
import type { SocketCall, TraceCall } from '@ironlog/hypervisor';
import { activeTraceparent, withSpan } from '@ironlog/service-kit';

const attributesOf = ({ socketPath, http }: SocketCall) => ({
  'server.address': socketPath,
  'network.transport': 'unix',
  ...(http && { 'http.request.method': http.method, 'url.path': http.path, 'url.scheme': 'http' }),
});

export const traceCall: TraceCall = (call, request) => {
  if (activeTraceparent() === undefined) return request();
  return withSpan(call.method, { kind: 'client', attributes: attributesOf(call) }, async ({ set, fail }) => {
    const outcome = await request();
    if (!outcome.ok) {
      set({ 'error.type': outcome.code });
      fail(outcome.reason);
    } else if ('status' in outcome && typeof outcome.status === 'number') {
      set({ 'http.response.status_code': outcome.status });
      if (outcome.status >= 400) {
        set({ 'error.type': String(outcome.status) });
        fail(`answered ${outcome.status}`);
      }
    }
    return outcome;
  });
};
