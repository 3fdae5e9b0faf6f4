// Requests with a bearer token and without a position, so that the wait for the projector is not measured.
import { Agent, type Dispatcher, request } from 'undici';

export interface Client {
  /** Returns the status; the body is read and discarded. */
  send(method: Dispatcher.HttpMethod, path: string): Promise<number>;
  close(): Promise<void>;
}

export const openClient = ({ url, token }: { readonly url: string; readonly token: string }): Client => {
  const dispatcher = new Agent();
  return {
    send: async (method, path) => {
      const { statusCode, body } = await request(url + path, {
        dispatcher,
        method,
        headers: { authorization: `Bearer ${token}`, ...(method === 'POST' && { 'content-type': 'application/json' }) },
        ...(method === 'POST' && { body: '{}' }),
      });
      // Without a limit it ends the connection of an answer that is larger than 128 KiB.
      await body.dump({ limit: Number.MAX_SAFE_INTEGER });
      return statusCode;
    },
    close: () => dispatcher.close(),
  };
};
