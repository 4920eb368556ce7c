/** Objects sent in parts. */
import { createHash, randomBytes } from 'node:crypto';
import { S3Error } from './error.ts';
import { attributesFrom, checkAbsence } from './objects.ts';
import type { Answer, S3Request } from './request.ts';
import { placeOf } from './storage.ts';
import type { Piece, UnfinishedUpload } from './storage.ts';
import { element, elementsIn, textIn, xmlDocument } from './xml.ts';

const leastPart = 5 * 2 ** 20;
const mostParts = 10_000;
const mostListed = 1000;

export function createUpload({ bucket, bucketName, key, headers }: S3Request): Answer {
  const upload: UnfinishedUpload = { id: randomBytes(16).toString('hex'), key, begun: new Date(), attributes: attributesFrom(key, headers), parts: new Map() };
  bucket.uploads.set(upload.id, upload);
  const content = element('Bucket', bucketName) + element('Key', key) + element('UploadId', upload.id);
  return { status: 200, headers: upload.attributes.encryption, body: xmlDocument('InitiateMultipartUploadResult', content) };
}

export function uploadPart(request: S3Request): Answer {
  const upload = uploadOf(request);
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > mostParts) throw new S3Error(400, 'InvalidArgument', `A part has a number from 1 to ${mostParts}.`);
  const { bytes, md5 } = request.body;
  upload.parts.set(number, { bytes, etag: md5, modified: new Date() });
  return { status: 200, headers: { etag: `"${md5}"`, ...upload.attributes.encryption } };
}

export function completeUpload(request: S3Request): Answer {
  const { bucket, bucketName, key, headers } = request;
  const upload = uploadOf(request);
  const parts = partsNamed(request.body.bytes.toString(), upload);
  checkAbsence(bucket.find(key), headers['if-none-match']);
  const etags = createHash('md5');
  for (const part of parts) etags.update(part.etag, 'hex');
  const etag = `${etags.digest('hex')}-${parts.length}`;
  const pieces = parts.map(({ bytes }) => bytes);
  bucket.set(key, { pieces, size: pieces.reduce((size, { length }) => size + length, 0), etag, modified: new Date(), attributes: upload.attributes });
  bucket.uploads.delete(upload.id);
  const content = element('Location', `http://${headers.host}/${bucketName}/${key}`) + element('Bucket', bucketName) + element('Key', key) + element('ETag', `"${etag}"`);
  return { status: 200, headers: upload.attributes.encryption, body: xmlDocument('CompleteMultipartUploadResult', content) };
}

export function abortUpload(request: S3Request): Answer {
  request.bucket.uploads.delete(uploadOf(request).id);
  return { status: 204 };
}

export function listParts(request: S3Request): Answer {
  const { query, bucketName, key } = request;
  const upload = uploadOf(request);
  const after = Number(query.get('part-number-marker') ?? 0);
  const most = Math.min(mostListed, Number(query.get('max-parts') ?? mostListed));
  const later = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = later.slice(0, most);
  const content = [
    element('Bucket', bucketName),
    element('Key', key),
    element('UploadId', upload.id),
    element('PartNumberMarker', after),
    element('NextPartNumberMarker', page.at(-1)?.[0]),
    element('MaxParts', most),
    element('IsTruncated', later.length > page.length),
    ...page.map(([number, { bytes, etag, modified }]) => {
      const part = element('PartNumber', number) + element('LastModified', modified.toISOString()) + element('ETag', `"${etag}"`) + element('Size', bytes.length);
      return `<Part>${part}</Part>`;
    }),
  ];
  return { status: 200, body: xmlDocument('ListPartsResult', content.join('')) };
}

/** By key, and the uploads of one key by their id. */
export function listUploads({ bucket, bucketName, query }: S3Request): Answer {
  const prefix = query.get('prefix') ?? '';
  const most = Math.min(mostListed, Number(query.get('max-uploads') ?? mostListed));
  const place = (key: string, id: string): string => `${placeOf(key)}\0${id}`;
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  // A marker without an id stands after all the uploads of its key.
  const marker = keyMarker === '' ? '' : place(keyMarker, idMarker === '' ? '\xff' : idMarker);
  const later = [...bucket.uploads.values()]
    .filter(({ key, id }) => key.startsWith(prefix) && place(key, id) > marker)
    .sort((a, b) => (place(a.key, a.id) < place(b.key, b.id) ? -1 : 1));
  const page = later.slice(0, most);
  const content = [
    element('Bucket', bucketName),
    element('Prefix', prefix),
    element('KeyMarker', keyMarker),
    element('UploadIdMarker', idMarker),
    element('NextKeyMarker', page.at(-1)?.key),
    element('NextUploadIdMarker', page.at(-1)?.id),
    element('MaxUploads', most),
    element('IsTruncated', later.length > page.length),
    ...page.map(({ key, id, begun, attributes: { storageClass } }) => {
      const upload = element('Key', key) + element('UploadId', id) + element('Initiated', begun.toISOString()) + element('StorageClass', storageClass);
      return `<Upload>${upload}</Upload>`;
    }),
  ];
  return { status: 200, body: xmlDocument('ListMultipartUploadsResult', content.join('')) };
}

function uploadOf({ bucket, key, query }: S3Request): UnfinishedUpload {
  return bucket.upload(key, query.get('uploadId') ?? '');
}

/** The parts that CompleteMultipartUpload names: all that were sent, in order, none too small. */
function partsNamed(xml: string, upload: UnfinishedUpload): Piece[] {
  const named = elementsIn(xml, 'Part').map((part) => ({ number: Number(textIn(part, 'PartNumber')), etag: textIn(part, 'ETag')?.replaceAll('"', '') }));
  if (named.length === 0) throw new S3Error(400, 'MalformedXML', 'The request names no parts.');
  if (named.some(({ number }, index) => index > 0 && number <= named[index - 1]!.number)) throw new S3Error(400, 'InvalidPartOrder', 'The parts are not in ascending order.');
  const parts = named.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part?.etag !== etag) throw new S3Error(400, 'InvalidPart', `Part ${number} was not sent, or has another ETag.`);
    return part!;
  });
  if (parts.length < upload.parts.size) throw new S3Error(400, 'InvalidPart', 'Parts were sent that the request does not name.');
  for (const part of parts.slice(0, -1)) if (part.bytes.length < leastPart) throw new S3Error(400, 'EntityTooSmall', 'A part that is not the last is smaller than 5 MiB.');
  return parts;
}
