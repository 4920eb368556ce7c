/**
 * Signature Version 4 in the headers, from the side of the server: who sent a request, and that neither its address nor its signed
 * headers were changed on the way. Its body is checked against `x-amz-content-sha256` when it has been read.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './error.ts';

export interface S3User {
  accessKey: string;
  secretKey: string;
  mayWrite: boolean;
}

export interface SignedRequest {
  method: string;
  /** Path and query as they were sent. */
  url: string;
  headers: IncomingHttpHeaders;
}

const mostSkew = 15 * 60_000;

/** The user who signed. Throws an S3Error as Amazon would answer it; `region` is not looked at where it is not given. */
export function verifySignature(request: SignedRequest, users: readonly S3User[], region?: string): S3User {
  const { headers } = request;
  if (!headers.authorization) throw new S3Error(403, 'AccessDenied', 'Anonymous access is forbidden.');
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([\da-f]{64})$/;
  const [, accessKey, day, signedRegion, signedHeaders, signature] = pattern.exec(headers.authorization) ?? [];
  if (!accessKey || !day || !signedRegion || !signedHeaders || !signature) throw malformed('The authorization header is malformed.');

  const user = users.find((candidate) => candidate.accessKey === accessKey);
  if (!user) throw new S3Error(403, 'InvalidAccessKeyId', 'The access key id does not exist in our records.', { AWSAccessKeyId: accessKey });
  if (region !== undefined && signedRegion !== region) {
    throw malformed(`The authorization header is malformed; the region '${signedRegion}' is wrong; expecting '${region}'`, { Region: region });
  }
  const date = String(headers['x-amz-date'] ?? '');
  checkDate(date, day);
  checkSignedHeaders(headers, signedHeaders.split(';'));

  const scope = `${day}/${signedRegion}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(request, signedHeaders))].join('\n');
  const expected = [day, signedRegion, 's3', 'aws4_request'].reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${user.secretKey}`);
  if (!timingSafeEqual(hmac(expected, toSign), Buffer.from(signature, 'hex'))) {
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature does not match the one that was calculated. Check the secret key.', { AWSAccessKeyId: accessKey });
  }
  return user;
}

function checkDate(date: string, day: string): void {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (parts.length === 0 || !date.startsWith(day)) throw new S3Error(403, 'AccessDenied', 'A signed request needs an x-amz-date, of the day of its credential.');
  const [year, month, dayOfMonth, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number];
  const sent = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second);
  if (Math.abs(Date.now() - sent) <= mostSkew) return;
  const times = { RequestTime: date, ServerTime: new Date().toISOString(), MaxAllowedSkewMilliseconds: String(mostSkew) };
  throw new S3Error(403, 'RequestTimeTooSkewed', 'The difference between the time of the request and that of the server is too large.', times);
}

function checkSignedHeaders(headers: IncomingHttpHeaders, signed: readonly string[]): void {
  const unsigned = Object.keys(headers).filter((name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name));
  if (unsigned.length > 0) throw new S3Error(403, 'AccessDenied', 'There were headers present in the request which were not signed.', { HeadersNotSigned: unsigned.join(', ') });
  if (!headers['x-amz-content-sha256']) throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
}

function canonicalRequest({ method, url, headers }: SignedRequest, signedHeaders: string): string {
  const [path, query = ''] = split(url, '?');
  const canonicalQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => split(pair, '='))
    .map(([name, value = '']) => `${encode(decode(name))}=${encode(decode(value))}`)
    .sort();
  const canonicalHeaders = signedHeaders.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`);
  return [
    method,
    decode(path).split('/').map(encode).join('/'),
    canonicalQuery.join('&'),
    canonicalHeaders.join(''),
    signedHeaders,
    headers['x-amz-content-sha256'],
  ].join('\n');
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(400, 'InvalidURI', 'The address cannot be decoded.');
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function malformed(message: string, fields: Record<string, string> = {}): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', message, fields);
}
