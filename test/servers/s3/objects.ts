/** Requests for one object, and for many to be deleted. */
import { S3Error } from './error.ts';
import type { Answer, S3Request } from './request.ts';
import type { Attributes, StoredObject } from './storage.ts';
import { element, elementsIn, textIn, xmlDocument } from './xml.ts';

const storageClasses = new Set(['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE']);
const longestKey = 1024;
const mostTags = 10;
const mostDeleted = 1000;
const kept = /^(content-type|content-encoding|content-disposition|content-language|cache-control|expires|x-amz-meta-.*)$/;

export function putObject({ bucket, key, headers, body }: S3Request): Answer {
  const attributes = attributesFrom(key, headers);
  checkAbsence(bucket.find(key), headers['if-none-match']);
  bucket.set(key, { pieces: [body.bytes], size: body.bytes.length, etag: body.md5, modified: new Date(), attributes });
  return { status: 200, headers: { etag: `"${body.md5}"`, ...attributes.encryption } };
}

/** GetObject, and HeadObject, whose answer the server sends without its body. */
export function getObject({ bucket, key, headers }: S3Request): Answer {
  const object = bucket.get(key);
  const quoted = `"${object.etag}"`;
  if (headers['if-match'] !== undefined && headers['if-match'] !== quoted) throw new S3Error(412, 'PreconditionFailed', 'The object has another ETag.');
  if (headers['if-none-match'] === quoted) return { status: 304, headers: { etag: quoted } };
  const range = rangeOf(headers.range, object.size);
  const [start, end] = range ?? [0, object.size];
  return {
    status: range ? 206 : 200,
    headers: {
      'accept-ranges': 'bytes',
      'content-length': end - start,
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${object.size}` }),
      ...describe(object),
    },
    body: slices(object.pieces, start, end),
  };
}

export function deleteObject({ bucket, key }: S3Request): Answer {
  bucket.delete(key);
  return { status: 204 };
}

export function deleteObjects({ bucket, body, headers }: S3Request): Answer {
  const checked = headers['content-md5'] !== undefined || Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'));
  if (!checked) throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5 or a checksum');
  const xml = body.bytes.toString();
  const keys = elementsIn(xml, 'Object').map((object) => textIn(object, 'Key'));
  if (keys.length === 0 || keys.length > mostDeleted) throw new S3Error(400, 'MalformedXML', `From 1 to ${mostDeleted} objects can be deleted at once.`);
  for (const key of keys) if (key !== undefined) bucket.delete(key);
  const quiet = textIn(xml, 'Quiet') === 'true';
  return { status: 200, body: xmlDocument('DeleteResult', quiet ? '' : keys.map((key) => `<Deleted>${element('Key', key)}</Deleted>`).join('')) };
}

export function getTags({ bucket, key }: S3Request): Answer {
  const tags = bucket.get(key).attributes.tags.map(([name, value]) => `<Tag>${element('Key', name)}${element('Value', value)}</Tag>`);
  return { status: 200, body: xmlDocument('Tagging', `<TagSet>${tags.join('')}</TagSet>`) };
}

/** What the headers of PutObject and CreateMultipartUpload say of the object to be. */
export function attributesFrom(key: string, headers: S3Request['headers']): Attributes {
  if (Buffer.byteLength(key) > longestKey) throw new S3Error(400, 'KeyTooLongError', 'The key is too long.');
  if (headers['x-amz-copy-source'] !== undefined) throw new S3Error(501, 'NotImplemented', 'Copies are not made.');
  const storageClass = String(headers['x-amz-storage-class'] ?? 'STANDARD');
  if (!storageClasses.has(storageClass)) throw new S3Error(400, 'InvalidStorageClass', 'The storage class is not known.');
  const tags = [...new URLSearchParams(String(headers['x-amz-tagging'] ?? ''))];
  if (tags.length > mostTags) throw new S3Error(400, 'InvalidArgument', `An object has at most ${mostTags} tags.`);
  const pick = (names: (name: string) => boolean): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => names(name)).map(([name, value]) => [name, String(value)]));
  const encryption = pick((name) => name.startsWith('x-amz-server-side-encryption'));
  const method = encryption['x-amz-server-side-encryption'];
  if (method !== undefined && method !== 'AES256' && method !== 'aws:kms') throw new S3Error(400, 'InvalidArgument', 'The encryption is not known.');
  return { storageClass, tags, encryption, headers: { 'content-type': 'application/octet-stream', ...pick((name) => kept.test(name)) } };
}

/** `If-None-Match: *`: only where there is no such object yet. */
export function checkAbsence(existing: StoredObject | undefined, ifNoneMatch: string | undefined): void {
  if (ifNoneMatch === '*' && existing) throw new S3Error(412, 'PreconditionFailed', 'The object is there already.');
}

function describe({ etag, modified, attributes }: StoredObject): Record<string, string | number> {
  const { headers, encryption, storageClass, tags } = attributes;
  return {
    ...headers,
    ...encryption,
    etag: `"${etag}"`,
    'last-modified': modified.toUTCString(),
    ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
    ...(tags.length > 0 && { 'x-amz-tagging-count': tags.length }),
  };
}

/** The first byte, and the one after the last; undefined for all of them. A range that cannot be read is as good as none. */
function rangeOf(header: string | undefined, size: number): [number, number] | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new S3Error(416, 'InvalidRange', 'The range is not in the object.');
  return [start, end];
}

function slices(pieces: readonly Buffer[], start: number, end: number): Buffer[] {
  const taken: Buffer[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const slice = piece.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (slice.length > 0) taken.push(slice);
    offset += piece.length;
  }
  return taken;
}
