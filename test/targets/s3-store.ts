/** Targets of kind s3 over a bucket of their own, for tests. */
import { S3Target } from '../../src/targets/s3/target.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';
import type { TargetContext } from '../../src/targets/target.ts';
import type { TargetStore } from '../conformance/target-suite.ts';
import type { S3Access } from '../servers/s3-access.ts';
import { everythingIn, newBucket, removeBucket } from '../servers/s3-access.ts';

export const context: TargetContext = { folder: '/plans', plan: 'nas' };

export function accessOptions({ endpoint, region, accessKey, secretKey }: Omit<S3Access, 'reader'>): Omit<S3Options, 'bucket'> {
  return { endpoint, region, 'access-key': accessKey, 'secret-key': secretKey };
}

/** A new bucket, as the suite of all targets wants it. */
export async function s3Store(access: S3Access, options: Partial<S3Options> = {}): Promise<TargetStore & { bucket: string }> {
  const bucket = await newBucket(access);
  const make = (): S3Target => new S3Target('cloud', 's3', { ...accessOptions(access), bucket, prefix: 'backups', ...options }, context);
  const made = [make()];
  return {
    bucket,
    target: made[0]!,
    again: async () => {
      const target = make();
      made.push(target);
      return target;
    },
    leftovers: () => everythingIn(access, bucket),
    async dispose() {
      for (const target of made) await target.close();
      await removeBucket(access, bucket);
    },
  };
}
