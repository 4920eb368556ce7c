/** A request taken apart, its body read and checked. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './error.ts';
import type { Bucket } from './storage.ts';

export interface S3Request {
  method: string;
  bucket: Bucket;
  bucketName: string;
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Body;
}

export interface Body {
  bytes: Buffer;
  /** In hexadecimal. */
  md5: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  /** Text is XML. */
  body?: string | readonly Buffer[];
}

/** The bucket and key in the path of an address, and its query. A bucket's own address has the key ''. */
export function addressOf(url: string): { bucketName: string; key: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  const [, bucketName = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(path)) ?? [];
  // A plus sign is itself here, not a space.
  return { bucketName, key, query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1).replaceAll('+', '%2B')) };
}

/** The whole body, if it is what the headers promise. It is read to its end in any case, so that the answer reaches the client. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const { headers } = request;
  const promised = String(headers['x-amz-content-sha256']);
  const chunks: Buffer[] = [];
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    md5.update(chunk);
    sha256.update(chunk);
  }
  if (headers['transfer-encoding'] !== undefined) throw new S3Error(411, 'MissingContentLength', 'The header Content-Length is needed.');
  if (promised.startsWith('STREAMING-') || headers['content-encoding']?.includes('aws-chunked')) {
    throw new S3Error(501, 'NotImplemented', 'Bodies framed as aws-chunked are not taken.');
  }
  if (promised !== 'UNSIGNED-PAYLOAD' && promised !== sha256.digest('hex')) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The header x-amz-content-sha256 does not match what was received.');
  }
  const digest = md5.digest();
  const given = headers['content-md5'];
  if (given !== undefined) {
    if (Buffer.from(String(given), 'base64').length !== digest.length) throw new S3Error(400, 'InvalidDigest', 'The header Content-MD5 is not valid.');
    if (!Buffer.from(String(given), 'base64').equals(digest)) throw new S3Error(400, 'BadDigest', 'The header Content-MD5 does not match what was received.');
  }
  return { bytes: Buffer.concat(chunks), md5: digest.toString('hex') };
}
