/** The plans that have something stored below the prefix of a plan's target. */
import { listPage } from './list.ts';
import type { S3Store } from './store.ts';

/** The folders there that have a `bat.json`. */
export async function listPlans(store: S3Store, signal: AbortSignal | undefined): Promise<string[]> {
  const top = store.base.slice(0, -1).replace(/[^/]*$/, '');
  const call = { doing: 'list', what: top === '' ? store.bucket : `${store.bucket}/${top.slice(0, -1)}`, signal } as const;
  const plans: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await listPage(store, call, { Prefix: top, Delimiter: '/', ContinuationToken });
    for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
      const marker = `${Prefix}bat.json`;
      const { Contents = [] } = await listPage(store, call, { Prefix: marker, MaxKeys: 1 });
      if (Contents[0]?.Key === marker) plans.push(Prefix.slice(top.length, -1));
    }
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  return plans;
}
