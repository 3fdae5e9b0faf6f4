// One request at a time with a bearer token, and no position: what is measured is the answer, not the wait for a projector.
import { Agent, type Dispatcher, request } from 'undici';

export interface Client {
  /** The status; the body is read and dropped. */
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
      await body.dump();
      return statusCode;
    },
    close: () => dispatcher.close(),
  };
};
