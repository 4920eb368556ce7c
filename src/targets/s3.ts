/** Amazon S3, and servers that speak as it does, as a target. Presets for some of these are in s3/presets.ts. */
import type { S3Options } from './s3/options.ts';
import { allOptions, checkOptions, dependentOptions } from './s3/options.ts';
import { S3Target } from './s3/target.ts';
import type { TargetType } from './target.ts';

export const s3Target: TargetType<S3Options> = {
  type: 's3',
  summary: 'A bucket on Amazon S3, its cold classes included, or on a server that speaks S3.',
  schema: {
    description: 'A bucket on Amazon S3, its cold classes included, or on a server that speaks S3.',
    type: 'object',
    additionalProperties: false,
    required: ['bucket'],
    dependentRequired: dependentOptions,
    examples: [{ bucket: 'attic', region: 'eu-central-1', 'storage-class': 'DEEP_ARCHIVE' }],
    properties: allOptions,
  },
  check: checkOptions,
  create: (id, options, context) => new S3Target(id, 's3', options, context),
};
