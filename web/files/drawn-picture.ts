/** Small pictures of photos that bring none: drawn here from the photo, a few at a time, and kept for as long as many others were looked at since. */
import { fileUrl } from '../api/library.ts';
import { request } from '../api/request.ts';
import type { Row } from './row.ts';

/** Bytes; what is larger is shown when it is opened. */
const largest = 24 * 2 ** 20;
const atOnce = 2;
const kept = 400;
/** Pixels; for screens with two of them in one of the page's. */
const width = 360;

/** By path and time: addresses of pictures in memory. The one that was looked at last is at the end. */
const pictures = new Map<string, string>();
const waiting: { work(): Promise<void>; signal: AbortSignal }[] = [];
let working = 0;

/** An address to show, or null where this browser cannot draw it. Throws what the server refuses, and the signal's reason. */
export async function drawnPicture(row: Row, signal: AbortSignal): Promise<string | null> {
  if (row.size > largest) return null;
  const key = `${row.path} ${row.time} ${row.size}`;
  const known = pictures.get(key);
  if (known !== undefined) {
    keep(key, known);
    return known;
  }
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  const work = async (): Promise<void> => {
    try {
      const url = await draw(row.path, signal);
      if (url !== null) keep(key, url);
      resolve(url);
    } catch (error) {
      reject(error as Error);
    }
  };
  waiting.push({ work, signal });
  void workOn();
  return promise;
}

async function workOn(): Promise<void> {
  if (working >= atOnce) return;
  working++;
  // What was asked for last is in sight; the rest may have been scrolled away.
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!next.signal.aborted) await next.work();
  }
  working--;
}

async function draw(path: string, signal: AbortSignal): Promise<string | null> {
  const photo = await (await request('GET', fileUrl(path), { signal })).blob();
  const bitmap = await createImageBitmap(photo, { resizeWidth: width, resizeQuality: 'medium' }).catch(() => null);
  if (!bitmap) return null;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return URL.createObjectURL(await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 }));
}

function keep(key: string, url: string): void {
  pictures.delete(key);
  pictures.set(key, url);
  if (pictures.size <= kept) return;
  const [oldest, address] = pictures.entries().next().value!;
  pictures.delete(oldest);
  URL.revokeObjectURL(address);
}
