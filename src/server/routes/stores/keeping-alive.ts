/** Says every few seconds that the answer is being worked on: a flush may take longer than anybody waits without a word. */
import type { Context } from 'hono';
import type { ServerEnvironment } from '../../context.ts';

/** Milliseconds. */
const interval = 10_000;

export async function keepingAlive<T>(c: Context<ServerEnvironment>, work: () => Promise<T>): Promise<T> {
  const { incoming, outgoing } = c.env;
  const timer = setInterval(() => {
    if (incoming.complete && !outgoing.headersSent && !outgoing.destroyed) outgoing.writeProcessing();
  }, interval);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
