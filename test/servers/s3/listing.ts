/** ListObjectsV2: pages of at most a thousand, in the order of the bytes of the keys. */
import type { Answer, S3Request } from './request.ts';
import { keyAt, placeOf } from './storage.ts';
import { element, xmlDocument } from './xml.ts';

const mostListed = 1000;

interface Page {
  keys: string[];
  folders: string[];
  /** Where the next page begins, if there is one. */
  next?: string;
}

export function listObjects({ bucket, bucketName, query }: S3Request): Answer {
  const most = Math.min(mostListed, Number(query.get('max-keys') ?? mostListed));
  const encoded = query.get('encoding-type') === 'url';
  const name = (key: string): string => (encoded ? encodeURIComponent(key) : key);
  const token = query.get('continuation-token');
  const after = token === null ? placeOf(query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('latin1');
  const { keys, folders, next } = pageAfter(bucket.places(), after, placeOf(query.get('prefix') ?? ''), placeOf(query.get('delimiter') ?? ''), most);
  const content = [
    element('Name', bucketName),
    element('Prefix', name(query.get('prefix') ?? '')),
    element('StartAfter', query.get('start-after') ?? undefined),
    element('ContinuationToken', token ?? undefined),
    element('NextContinuationToken', next === undefined ? undefined : Buffer.from(next, 'latin1').toString('base64url')),
    element('MaxKeys', most),
    element('KeyCount', keys.length + folders.length),
    element('IsTruncated', next !== undefined),
    element('Delimiter', query.get('delimiter') ?? undefined),
    element('EncodingType', encoded ? 'url' : undefined),
    ...keys.map((key) => {
      const { etag, modified, size, attributes } = bucket.get(key);
      const object = [
        element('Key', name(key)),
        element('LastModified', modified.toISOString()),
        element('ETag', `"${etag}"`),
        element('Size', size),
        element('StorageClass', attributes.storageClass),
      ];
      return `<Contents>${object.join('')}</Contents>`;
    }),
    ...folders.map((folder) => `<CommonPrefixes>${element('Prefix', name(folder))}</CommonPrefixes>`),
  ];
  return { status: 200, body: xmlDocument('ListBucketResult', content.join('')) };
}

/** All but the sizes are places, see `placeOf`. */
function pageAfter(places: readonly string[], after: string, prefix: string, delimiter: string, most: number): Page {
  const page: Page = { keys: [], folders: [] };
  let last = after;
  let index = after < prefix ? firstNotBefore(places, prefix) : firstNotBefore(places, `${after}\0`);
  while (index < places.length && places[index]!.startsWith(prefix)) {
    if (page.keys.length + page.folders.length === most) return most === 0 ? page : { ...page, next: last };
    const place = places[index]!;
    const end = delimiter === '' ? -1 : place.indexOf(delimiter, prefix.length);
    if (end === -1) {
      page.keys.push(keyAt(place));
      last = place;
      index++;
    } else {
      // No byte of UTF-8 is 255: this is behind all that the folder holds.
      const folder = place.slice(0, end + delimiter.length);
      last = `${folder}\xff`;
      if (folder > after || !after.startsWith(folder)) page.folders.push(keyAt(folder));
      index = firstNotBefore(places, last);
    }
  }
  return page;
}

function firstNotBefore(places: readonly string[], place: string): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle]! < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
