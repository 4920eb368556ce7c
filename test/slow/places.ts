/** Where a small life is lived: a folder, a bat server, a bucket of a real gateway, an account at Cloudinary; each with a second place of its kind beside it. */
import { mkdirSync } from 'node:fs';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { startServer } from '../server/start-server.ts';
import { newBucket, removeBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';

export interface Place {
  /** The targets `store` and `archive`, each a line of YAML. */
  store: string;
  archive: string;
  /** What the lines take from the environment. */
  environment: Record<string, string>;
  /** The same, so that nothing is reached. */
  away: Record<string, string>;
  /** Where a bare machine finds `store`, and its environment. */
  url: string;
  bare: Record<string, string>;
  /** What no output may hold. */
  secrets: string[];
  remove(): Promise<void>;
}

/** An address of this machine where nothing listens. */
const nowhere = 'http://127.0.0.1:9';

async function onDisk(folder: string): Promise<Place> {
  mkdirSync(`${folder}/place`);
  return {
    store: '{ type: file, path: "${PLACE}/store" }',
    archive: '{ type: file, path: "${PLACE}/archive" }',
    environment: { PLACE: `${folder}/place` },
    away: { PLACE: `${folder}/not/mounted` },
    url: `${folder}/place/store`,
    bare: {},
    secrets: [],
    remove: async () => {},
  };
}

async function onServer(): Promise<Place> {
  const [first, second] = await Promise.all([startServer(), startServer()]);
  const tokens = [first.tokens['anna']!, second.tokens['anna']!];
  return {
    store: '{ type: http, url: "${FIRST}", token: "${FIRST_TOKEN}" }',
    archive: '{ type: http, url: "${SECOND}", token: "${SECOND_TOKEN}" }',
    environment: { FIRST: first.url, SECOND: second.url, FIRST_TOKEN: tokens[0]!, SECOND_TOKEN: tokens[1]! },
    away: { FIRST: nowhere, SECOND: nowhere },
    url: first.url,
    bare: { BAT_TOKEN: tokens[0]! },
    secrets: tokens,
    remove: async () => {
      await first.close();
      await second.close();
    },
  };
}

async function inBucket(): Promise<Place> {
  const own = missingCeph() === null ? null : await startS3Server();
  const server = own ?? (await sharedRgw());
  const bucket = await newBucket(server);
  const line = (prefix: string): string =>
    `{ type: s3, bucket: ${bucket}, prefix: ${prefix}, endpoint: "\${ENDPOINT}", region: ${server.region}, access-key: "\${ACCESS}", secret-key: "\${SECRET}" }`;
  return {
    store: line('backups'),
    archive: line('archive'),
    environment: { ENDPOINT: server.endpoint, ACCESS: server.accessKey, SECRET: server.secretKey },
    away: { ENDPOINT: nowhere },
    url: `s3://${bucket}/backups?endpoint=${encodeURIComponent(server.endpoint)}&region=${server.region}`,
    bare: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
    secrets: [server.secretKey, server.accessKey],
    remove: async () => {
      await removeBucket(server, bucket);
      await own?.stop();
    },
  };
}

async function inAccount(): Promise<Place> {
  const server = await startCloudinary({ rawLimit: 300_000, adminLimit: 1_000_000 });
  const { cloudName, apiKey, apiSecret } = server.settings;
  const line = (folder: string): string =>
    `{ type: cloudinary, cloud-name: ${cloudName}, api-key: "\${API_KEY}", api-secret: "\${API_SECRET}", upload-prefix: "\${ENDPOINT}", folder: ${folder} }`;
  return {
    store: line('backups'),
    archive: line('archive'),
    environment: { ENDPOINT: server.url, API_KEY: apiKey, API_SECRET: apiSecret },
    away: { ENDPOINT: nowhere },
    url: 'cloudinary:///backups',
    bare: { CLOUDINARY_URL: `cloudinary://${apiKey}:${apiSecret}@${cloudName}?upload_prefix=${encodeURIComponent(server.url)}` },
    secrets: [apiSecret],
    remove: () => server.close(),
  };
}

/** Each makes its place; `folder` is one that the test removes. */
export const places: readonly [name: string, make: (folder: string) => Promise<Place>][] = [
  ['a folder', onDisk],
  ['a bat server', onServer],
  [missingCeph() === null ? 'Ceph RGW' : 'an S3 in this process', inBucket],
  ['Cloudinary', inAccount],
];
