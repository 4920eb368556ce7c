/**
 * Services that speak S3, each with the few options that differ. A preset only fills in the address; what a service does
 * not have (storage classes, tags) is no option of its own.
 */
import type { TargetType } from '../target.ts';
import type { S3Options } from './options.ts';
import { allOptions, bucketOptions, checkOptions, keyOptions, partOptions } from './options.ts';
import { S3Target } from './target.ts';

/** What all of them take. */
type CommonOptions = Pick<S3Options, 'bucket' | 'prefix' | 'access-key' | 'secret-key' | 'part-size'>;
type Properties = typeof allOptions;

interface Preset<Options> {
  type: string;
  summary: string;
  example: Record<string, unknown>;
  /** Options of its own, and those of `s3` that it has beside the common ones. All of `required` must be given. */
  properties: Properties;
  required: readonly string[];
  fill: (options: Options) => Partial<S3Options>;
}

/** A part of a server's name. */
const label = '^[A-Za-z0-9][A-Za-z0-9-]*$';
const sealedByServer = { 'server-side-encryption': { ...allOptions['server-side-encryption'], enum: ['AES256'], examples: ['AES256'] } };

export const ociTarget = preset<CommonOptions & { namespace: string; region: string }>({
  type: 'oci',
  summary: 'A bucket on Oracle Cloud Infrastructure Object Storage.',
  example: { namespace: 'axexample', region: 'eu-frankfurt-1', bucket: 'attic' },
  properties: {
    namespace: { description: 'The Object Storage namespace of the tenancy.', type: 'string', pattern: label, examples: ['axexample'] },
    region: { description: 'The region of the bucket.', type: 'string', pattern: label, examples: ['eu-frankfurt-1'] },
  },
  required: ['namespace', 'region'],
  fill: ({ namespace, region }) => ({ region, endpoint: `https://${namespace}.compat.objectstorage.${region}.oci.customer-oci.com` }),
});

export const b2Target = preset<CommonOptions & Pick<S3Options, 'server-side-encryption'> & { region: string }>({
  type: 'b2',
  summary: 'A bucket on Backblaze B2.',
  example: { region: 'eu-central-003', bucket: 'attic' },
  properties: {
    region: { description: "The region, as the bucket's endpoint has it: s3.<region>.backblazeb2.com.", type: 'string', pattern: label, examples: ['eu-central-003'] },
    ...sealedByServer,
  },
  required: ['region'],
  fill: ({ region }) => ({ region, endpoint: `https://s3.${region}.backblazeb2.com` }),
});

export const r2Target = preset<CommonOptions & { account: string }>({
  type: 'r2',
  summary: 'A bucket on Cloudflare R2.',
  example: { account: '0123456789abcdef0123456789abcdef', bucket: 'attic' },
  properties: {
    account: {
      description: 'The account id; with a jurisdiction, that and a dot before: `<account>.eu`.',
      type: 'string',
      pattern: '^[A-Za-z0-9]+(\\.[a-z]+)?$',
      examples: ['0123456789abcdef0123456789abcdef'],
    },
  },
  required: ['account'],
  fill: ({ account }) => ({ region: 'auto', endpoint: `https://${account}.r2.cloudflarestorage.com` }),
});

export const minioTarget = preset<CommonOptions & Pick<S3Options, 'region' | 'server-side-encryption' | 'tags'> & { endpoint: string }>({
  type: 'minio',
  summary: 'A bucket on a MinIO server.',
  example: { endpoint: 'https://minio.example.org:9000', bucket: 'attic' },
  properties: {
    endpoint: { ...allOptions['endpoint'], description: 'The address of the S3 API; not that of the console.', examples: ['https://minio.example.org:9000'] },
    region: { ...allOptions['region'], description: 'The region, if the server is set to one. Default: us-east-1.', examples: ['home'] },
    ...sealedByServer,
    tags: allOptions['tags']!,
  },
  required: ['endpoint'],
  fill: ({ endpoint, region }) => ({ endpoint, region: region ?? 'us-east-1' }),
});

/** Keys are always asked for: the AWS environment has those of another service. */
function preset<Options extends CommonOptions>({ type, summary, example, properties, required, fill }: Preset<Options>): TargetType<Options> {
  const own = new Set(Object.keys(properties).filter((name) => !(name in allOptions)));
  return {
    type,
    summary,
    schema: {
      description: summary,
      type: 'object',
      additionalProperties: false,
      required: ['bucket', ...required, 'access-key', 'secret-key'],
      examples: [{ ...example, 'access-key': '${ACCESS_KEY}', 'secret-key': '${SECRET_KEY}' }],
      properties: { ...bucketOptions, ...properties, ...keyOptions, ...partOptions },
    },
    check: (options) => checkOptions(options),
    create(id, options, context) {
      const shared = Object.fromEntries(Object.entries(options).filter(([name]) => !own.has(name))) as unknown as S3Options;
      return new S3Target(id, type, { ...shared, ...fill(options), 'path-style': true }, context);
    },
  };
}
