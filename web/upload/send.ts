/** One file by the tus protocol: it goes on where it was broken off, also after the page was closed and the same file is given again. */
import { DetailedError, Upload, type HttpResponse } from 'tus-js-client';
import { ApiError, errorOf, notAnswering } from '../api/request.ts';
import type { Item } from './item.ts';

/** Smaller ones go with the first request: there is little to go on with. */
const atOnce = 2 * 2 ** 20;

export interface Sent {
  /** Where it lies; null if this person may not know. */
  path: string | null;
  known: boolean;
}

/**
 * Returns when the server has confirmed it. Throws an ApiError. `signal`: what was sent stays on the server, to go on with.
 * `person`: uploads begun by another one are not gone on with.
 */
export async function send(item: Item, person: string, onSent: (bytes: number) => void, signal: AbortSignal): Promise<Sent> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const upload = new Upload(item.file, {
    endpoint: '/uploads',
    metadata: { name: item.to, hash: `sha256:${item.hash}`, mtime: String(item.file.lastModified / 1000) },
    // With the content's hash in it, a file that was changed meanwhile is never laid over the beginning of another.
    fingerprint: async () => ['bat', person, item.hash, item.file.size, item.to].join('|'),
    removeFingerprintOnSuccess: true,
    uploadDataDuringCreation: item.file.size <= atOnce,
    // The queue tries again: it knows of all files whether the server is there.
    retryDelays: null,
    onProgress: onSent,
    onSuccess: ({ lastResponse }) => resolve(lastResponse),
    onError: (error) => reject(errorOfUpload(error)),
  });
  const stop = (): void => {
    void upload.abort().catch(() => {});
    reject(signal.reason);
  };
  signal.addEventListener('abort', stop);
  try {
    const [earlier] = await upload.findPreviousUploads();
    if (earlier) upload.resumeFromPreviousUpload(earlier);
    if (!signal.aborted) upload.start();
    return confirmed(item, await promise);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Removes what the server has of it; also what is noted here. What cannot be removed now goes by itself after some days. */
export async function forget(item: Item, person: string): Promise<void> {
  const upload = new Upload(item.file, { endpoint: '/uploads', retryDelays: null, fingerprint: async () => ['bat', person, item.hash, item.file.size, item.to].join('|') });
  const [earlier] = await upload.findPreviousUploads();
  if (!earlier) return;
  upload.resumeFromPreviousUpload(earlier);
  await upload.abort(true).catch(() => {});
}

/** Nothing counts as kept but what the server says that it has under this hash. */
function confirmed(item: Item, response: HttpResponse): Sent {
  if (response.getHeader('Bat-Sha256') !== item.hash) {
    throw new ApiError('NOT_CONFIRMED', response.getStatus(), 'The server did not confirm that it has this file.', 'Send it again: what it has already is not sent twice.');
  }
  const path = response.getHeader('Bat-Path');
  return { path: path ? decodeURIComponent(path) : null, known: (response.getHeader('Bat-Duplicate') ?? '') !== '' };
}

function errorOfUpload(error: Error | DetailedError): ApiError {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (!response || response.getStatus() === 0) return notAnswering();
  return errorOf(response.getStatus(), response.getBody(), response.getHeader('Retry-After'));
}
