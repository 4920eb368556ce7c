/** Signatures of the Upload API and of downloads, computed from the rules and not with the SDK. */
import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';

const unsigned = new Set(['file', 'api_key', 'signature', 'signature_algorithm']);
const LONGEST_AGE = 3600;

export interface Account {
  cloudName: string;
  apiKey: string;
  apiSecret: string;
}

function stringToSign(fields: ReadonlyMap<string, string>): string {
  return [...fields]
    .filter(([name, value]) => !unsigned.has(name) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`.replaceAll('&', '%26'))
    .join('&');
}

/** Throws unless the fields are signed by the account, less than an hour ago. `now` in milliseconds. */
export function checkSignature(fields: ReadonlyMap<string, string>, account: Account, now: number): void {
  const timestamp = Number(fields.get('timestamp'));
  const signature = fields.get('signature') ?? '';
  if (fields.get('api_key') === undefined) throw new Refusal(401, 'Must supply api_key');
  if (fields.get('api_key') !== account.apiKey) throw new Refusal(401, `Invalid api_key ${fields.get('api_key')}`);
  if (!Number.isInteger(timestamp) || timestamp <= 0) throw new Refusal(400, 'Missing required parameter - timestamp');
  if (Math.abs(now / 1000 - timestamp) > LONGEST_AGE) {
    throw new Refusal(400, `Stale request - reported time is ${new Date(timestamp * 1000).toISOString()} which is more than 1 hour ago`);
  }
  const text = stringToSign(fields);
  const algorithm = signature.length === 64 ? 'sha256' : 'sha1';
  if (createHash(algorithm).update(text + account.apiSecret).digest('hex') !== signature) {
    throw new Refusal(401, `Invalid Signature ${signature}. String to sign - '${text}'.`);
  }
}
