/** The options of an S3 target, shared by the presets, and what follows from them. */
import { BatError } from '../../core/errors.ts';
import { parseSize, sizePattern } from '../../core/units.ts';
import { priceSchema } from '../price-schema.ts';
import type { PriceOptions } from '../prices.ts';
import { isObjectName } from './names.ts';

export interface S3Options {
  bucket: string;
  region?: string;
  endpoint?: string;
  'path-style'?: boolean;
  prefix?: string;
  'storage-class'?: string;
  'server-side-encryption'?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  'kms-key'?: string;
  tags?: Record<string, string>;
  'access-key'?: string;
  'secret-key'?: string;
  'session-token'?: string;
  profile?: string;
  'part-size'?: string | number;
  prices?: PriceOptions;
}

type Properties = Record<string, Record<string, unknown>>;

const mebibyte = 2 ** 20;
const defaultPartSize = '8MiB';
/** The rule of S3 for every part but the last. */
const smallestPart = 5 * mebibyte;
/** More would be held in memory several times over. */
const largestPart = 512 * mebibyte;

/** Which of the options stand alone only with another one. */
export const dependentOptions = { 'access-key': ['secret-key'], 'secret-key': ['access-key'], 'session-token': ['access-key'], 'kms-key': ['server-side-encryption'] };

export const bucketOptions: Properties = {
  bucket: {
    description: 'The bucket; it must exist.',
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$',
    examples: ['attic'],
  },
  prefix: {
    description: "What the keys begin with; the plan's objects lie below `<prefix>/<plan>/`. Default: nothing.",
    type: 'string',
    examples: ['backups', 'home/nas'],
  },
};

export const keyOptions: Properties = {
  'access-key': {
    description: 'The id of the access key.',
    type: 'string',
    minLength: 1,
    'x-secret': true,
    examples: ['${S3_ACCESS_KEY}'],
  },
  'secret-key': {
    description: 'The secret of the access key.',
    type: 'string',
    minLength: 1,
    'x-secret': true,
    examples: ['${S3_SECRET_KEY}'],
  },
};

export const partOptions: Properties = {
  'part-size': {
    description: `How large a part of an upload is: 5MiB to 512MiB. Several are held in memory. Default: ${defaultPartSize}.`,
    type: ['string', 'integer'],
    pattern: sizePattern,
    minimum: smallestPart,
    maximum: largestPart,
    default: defaultPartSize,
    examples: ['16MiB'],
  },
};

export const allOptions: Properties = {
  ...bucketOptions,
  region: {
    description: "The bucket's region. Default: that of the environment or the AWS configuration files; with an `endpoint`, us-east-1.",
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9-]*$',
    examples: ['eu-central-1'],
  },
  endpoint: {
    description: "The address of a server that is not Amazon's.",
    type: 'string',
    pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
    examples: ['https://s3.example.org', 'http://nas.local:9000'],
  },
  'path-style': {
    description: "Whether the bucket stands in the path of the address, and not in the server's name. Default: true with an `endpoint`, else false.",
    type: 'boolean',
    examples: [false],
  },
  'storage-class': {
    description: 'The storage class of volumes and files. Manifests, keys and the README are STANDARD whatever stands here, so that a restore can begin at once. Default: STANDARD.',
    type: 'string',
    pattern: '^[A-Z][A-Z0-9_]*$',
    examples: ['DEEP_ARCHIVE', 'GLACIER', 'GLACIER_IR', 'STANDARD_IA'],
  },
  'server-side-encryption': {
    description: "How the server encrypts what it stores, beside the plan's own encryption. Default: as the bucket is set.",
    enum: ['AES256', 'aws:kms', 'aws:kms:dsse'],
    examples: ['aws:kms', 'AES256'],
  },
  'kms-key': {
    description: "The KMS key for `aws:kms`: its id, alias or ARN. Default: the account's own key for S3.",
    type: 'string',
    minLength: 1,
    examples: ['alias/backups'],
  },
  tags: {
    description: 'Tags that every object gets; ten at most.',
    type: 'object',
    maxProperties: 10,
    additionalProperties: { type: 'string', maxLength: 256 },
    examples: [{ project: 'backup', owner: 'ada' }],
  },
  ...keyOptions,
  'access-key': {
    ...keyOptions['access-key'],
    description: 'The id of the access key. Default: what the environment, the AWS configuration files or the machine itself provide.',
  },
  'session-token': {
    description: 'The token that belongs to temporary keys.',
    type: 'string',
    minLength: 1,
    'x-secret': true,
    examples: ['${AWS_SESSION_TOKEN}'],
  },
  profile: {
    description: 'The profile of the AWS configuration files that the keys are taken from.',
    type: 'string',
    minLength: 1,
    examples: ['backup'],
  },
  ...partOptions,
  prices: priceSchema,
};

/** Bytes. Throws PLAN_INVALID for a size that S3 does not take. */
export function partSizeOf(options: S3Options): number {
  const size = parseSize(options['part-size'] ?? defaultPartSize);
  if (size >= smallestPart && size <= largestPart) return size;
  throw new BatError('PLAN_INVALID', `A part-size of ${options['part-size']} is ${size < smallestPart ? 'too small' : 'too large'}.`, { hint: 'Give 5MiB to 512MiB.', subject: 'part-size' });
}

/** Throws PLAN_INVALID for what the schema cannot say. */
export function checkOptions(options: S3Options): void {
  partSizeOf(options);
  const prefix = trimmed(options.prefix);
  if (prefix !== '' && !isObjectName(prefix)) {
    throw new BatError('PLAN_INVALID', `The prefix ${JSON.stringify(options.prefix)} is not a plain path.`, { hint: 'Write it as a/b, without empty parts, "." and "..".', subject: 'prefix' });
  }
  if (options['kms-key'] !== undefined && options['server-side-encryption'] === 'AES256') {
    throw new BatError('PLAN_INVALID', 'A kms-key goes with server-side-encryption: aws:kms, and not with AES256.', { hint: 'Write aws:kms, or leave the key out.', subject: 'kms-key' });
  }
}

/** What all keys of a plan begin with. Ends in a slash. */
export function basePrefix(options: S3Options, plan: string): string {
  const prefix = trimmed(options.prefix);
  return `${prefix === '' ? '' : `${prefix}/`}${plan}/`;
}

/** For people. The server stands in it where it is not Amazon's. */
export function locationOf({ bucket, endpoint }: S3Options, base: string): string {
  const place = `${bucket}/${base.slice(0, -1)}`;
  return endpoint === undefined ? `s3://${place}` : `${endpoint.replace(/\/+$/, '')}/${place}`;
}

/** As the header has them. */
export function taggingOf(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

function trimmed(prefix: string | undefined): string {
  return (prefix ?? '').replace(/^\/+|\/+$/g, '');
}
