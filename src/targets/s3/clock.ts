/** The time by the server's clock, from the head of an answer. */
import type { S3Store } from './store.ts';

interface HttpResponse {
  headers: Record<string, string>;
}

/** To the second; null if the server does not say. */
export async function serverTime(store: S3Store, signal: AbortSignal | undefined): Promise<Date | null> {
  return store.call({ doing: 'use', what: store.location, signal }, async ({ sdk, send }) => {
    const command = new sdk.ListObjectsV2Command({ Bucket: store.bucket, Prefix: store.base, MaxKeys: 1 });
    let said = '';
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        said = (result.response as HttpResponse).headers['date'] ?? '';
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'batServerTime' },
    );
    await send(command);
    const time = new Date(said);
    return Number.isNaN(time.getTime()) ? null : time;
  });
}
