/** The official package is at home at the emulator. In a file of its own: its settings are those of the process. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CloudinaryServer } from './cloudinary-server.ts';
import { startCloudinary } from './cloudinary-server.ts';

type Call = (...words: unknown[]) => Promise<Record<string, unknown>>;
interface Package {
  api: Record<'usage' | 'resources' | 'resource' | 'delete_resources', Call>;
  uploader: { destroy: Call; upload_stream(options: object, done: (error: unknown, reply: Record<string, unknown>) => void): NodeJS.WritableStream };
  utils: { private_download_url(id: string, format: string, options: object): string };
}

let server: CloudinaryServer;
let cloudinary: Package;

beforeAll(async () => {
  server = await startCloudinary({ rawLimit: 20_000_000 });
  const require = createRequire(import.meta.url);
  const { cloudName: cloud_name, apiKey: api_key, apiSecret: api_secret } = server.settings;
  // The package speaks https only; it is handed plain http in its place.
  require('node:https').request = require('node:http').request;
  require('cloudinary/lib/config')({ cloud_name, api_key, api_secret, upload_prefix: server.url });
  cloudinary = (require('cloudinary') as { v2: Package }).v2;
});
afterAll(() => server.close());

function send(options: object, bytes: Uint8Array): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    cloudinary.uploader.upload_stream({ resource_type: 'raw', type: 'private', ...options }, (error, reply) => (error ? reject(error as Error) : resolve(reply))).end(bytes);
  });
}

it('uploads, downloads, lists and removes', async () => {
  const bytes = Buffer.from('hello, with & and =');
  expect(await send({ public_id: 'folder/a and b' }, bytes)).toMatchObject({ bytes: bytes.length, public_id: 'folder/a and b' });
  const url = cloudinary.utils.private_download_url('folder/a and b', '', { resource_type: 'raw', type: 'private' });
  expect(await (await fetch(url)).text()).toBe(bytes.toString());
  expect((await cloudinary.api.usage())['media_limits']).toMatchObject({ raw_max_size_bytes: 20_000_000 });
  expect(await cloudinary.api.resource('folder/a and b', { resource_type: 'raw', type: 'private' })).toMatchObject({ bytes: bytes.length });
  const { resources } = (await cloudinary.api.resources({ resource_type: 'raw', type: 'private', prefix: 'folder/' })) as { resources: unknown[] };
  expect(resources).toHaveLength(1);
  expect(await cloudinary.uploader.destroy('folder/a and b', { resource_type: 'raw', type: 'private' })).toEqual({ result: 'ok' });
  expect(await cloudinary.api.delete_resources(['folder/a and b'], { resource_type: 'raw', type: 'private' })).toMatchObject({ deleted: { 'folder/a and b': 'not_found' } });
});

it('uploads in chunks', async () => {
  const size = 6_000_000;
  const options = { public_id: 'chunked', x_unique_upload_id: 'one' };
  expect(await send({ ...options, content_range: `bytes 0-${size - 1}/-1` }, Buffer.alloc(size))).toMatchObject({ done: false });
  expect(await send({ ...options, content_range: `bytes ${size}-${size + 9}/${size + 10}` }, Buffer.alloc(10))).toMatchObject({ done: true, bytes: size + 10 });
});
