import { expect, onTestFinished, test } from 'vitest';
import exifr from 'exifr';
import { startServer } from './start-server.ts';

/** The start of a photo with a small picture in its EXIF: two directories, the second with the picture's place and length. */
function photoWith(picture: Buffer, orientation: number): Buffer {
  const number = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0');
  const short = (tag: number, value: number): string => `${number(tag, 2)}0003${number(1, 4)}${number(value, 2)}0000`;
  const long = (tag: number, value: number): string => `${number(tag, 2)}0004${number(1, 4)}${number(value, 4)}`;
  const first = `0001${short(0x0112, orientation)}${number(26, 4)}`;
  const second = `0003${short(0x0103, 6)}${long(0x0201, 68)}${long(0x0202, picture.length)}${number(0, 4)}`;
  const exif = Buffer.concat([Buffer.from(`457869660000${'4d4d002a00000008'}${first}${second}`, 'hex'), picture]);
  return Buffer.concat([Buffer.from(`ffd8ffe1${number(exif.length + 2, 2)}`, 'hex'), exif, Buffer.from('ffda00020000ffd9', 'hex')]);
}

test('a photo gives the small picture that it brings along, turned as the photo is; anything else has none', async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  const picture = Buffer.concat([Buffer.from('ffd8ffdb0003', 'hex'), Buffer.alloc(500, 7), Buffer.from('ffd9', 'hex')]);
  const upload = (name: string, body: Buffer): Promise<Response> => server.fetch(`/upload?name=photos/${name}`, { method: 'POST', body: new Uint8Array(body) });
  await upload('upright.jpg', photoWith(picture, 1));
  await upload('turned.jpg', photoWith(picture, 6));
  await upload('none.jpg', Buffer.from('ffd8ffdb00030000ffd9', 'hex'));
  await upload('broken.jpg', photoWith(picture, 1).subarray(0, 60));
  await upload('text.jpg', Buffer.from('no picture'));
  const get = (name: string, headers: Record<string, string> = {}): Promise<Response> => server.fetch(`/thumbnails/photos/${name}`, { headers });
  const upright = await get('upright.jpg');
  expect([upright.status, upright.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  expect(Buffer.from(await upright.arrayBuffer()).equals(picture)).toBe(true);
  const turned = Buffer.from(await (await get('turned.jpg')).arrayBuffer());
  expect(turned.length).toBeGreaterThan(picture.length);
  expect(await exifr.orientation(turned)).toBe(6);
  expect((await get('upright.jpg', { 'If-None-Match': upright.headers.get('etag')! })).status).toBe(304);
  for (const name of ['none.jpg', 'broken.jpg', 'text.jpg', 'nowhere.jpg']) expect((await get(name)).status, name).toBe(404);
});
