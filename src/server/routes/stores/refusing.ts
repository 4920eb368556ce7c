/** Refusing a request that brings a body. */
import type { Context } from 'hono';
import type { ServerEnvironment } from '../../context.ts';
import { discardBody } from '../../stores/receive.ts';

/** A refusal is answered once the body that it refuses has passed by, if that is not too much: else it could be lost with the connection. */
export async function refusing(c: Context<ServerEnvironment>, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    await discardBody(c.env.incoming);
    throw error;
  }
}
