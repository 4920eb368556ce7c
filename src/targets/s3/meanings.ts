/** What the answers of servers mean: by the codes that S3 gives, or a server like it, else by their status; and what to do. */
import type { ErrorCode } from '../../core/errors.ts';
import { formatDuration } from '../../core/units.ts';
import { isS3Answer, type Answer } from './answer.ts';

/** Verbs, for the sentence: `Target "cloud" could not store volumes/1.tar: …`. */
export type Doing = 'use' | 'store' | 'read' | 'look for' | 'list' | 'remove' | 'clean up' | 'thaw';

/** What was done when it failed. */
export interface Attempt {
  target: string;
  doing: Doing;
  /** The object, or what else it was done to. */
  what: string;
  location: string;
  bucket: string;
  base: string;
  region: string | undefined;
  endpoint: string | undefined;
  /** Whether something that speaks S3 has answered before. */
  known: boolean;
}

/** A reason, as the end of the sentence, and what follows from it. */
export interface Meaning {
  code: ErrorCode;
  reason: string;
  hint: string;
  transient?: boolean;
}

type Explain = (attempt: Attempt, answer: Answer) => Meaning;

const page = 'docs/targets-s3.md';
/** What a policy has to allow for each thing that is done. */
const rights: Record<Doing, string> = {
  use: 's3:ListBucket',
  store: 's3:PutObject',
  read: 's3:GetObject',
  'look for': 's3:GetObject and s3:ListBucket',
  list: 's3:ListBucket',
  remove: 's3:DeleteObject',
  thaw: 's3:RestoreObject',
  'clean up': 's3:ListBucketMultipartUploads and s3:AbortMultipartUpload',
};

const denied: Explain = ({ doing, bucket, base }) => ({
  code: 'TARGET_DENIED',
  reason: 'permission denied',
  hint: `The access key must be allowed ${rights[doing]} on the bucket ${bucket}, below ${base}. ${page} shows a policy.`,
});
const unknownKey: Explain = ({ endpoint }) => ({
  code: 'TARGET_DENIED',
  reason: 'the access key is not known there',
  hint: `Check access-key${endpoint ? ` and endpoint (${endpoint})` : ''} in the plan, or what the environment or the AWS profile provide.`,
});
const wrongSecret: Explain = () => ({
  code: 'TARGET_DENIED',
  reason: 'the secret of the access key is wrong',
  hint: 'Check secret-key in the plan, or what the environment or the AWS profile provide: it must belong to the access key.',
});
const staleToken: Explain = () => ({
  code: 'TARGET_DENIED',
  reason: 'the temporary keys have expired or do not fit together',
  hint: 'Get new ones: access-key, secret-key and session-token belong together. With a profile, log in again.',
});
const wrongClock: Explain = (_attempt, { headers }) => {
  const theirs = Date.parse(headers['date'] ?? '');
  const ahead = Date.now() - theirs;
  const by = Number.isNaN(ahead) ? 'wrong' : `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead' : 'behind'}`;
  return { code: 'TARGET_DENIED', reason: `the clock of this machine is ${by}`, hint: 'Set the clock, for example with: timedatectl set-ntp true' };
};
const wrongRegion: Explain = ({ bucket, region }, { headers, region: said }) => {
  const right = headers['x-amz-bucket-region'] ?? said;
  const mine = region === undefined ? 'the plan names none' : `the plan says ${region}`;
  return {
    code: 'TARGET_UNREACHABLE',
    reason: right ? `the bucket ${bucket} is in the region ${right}, and ${mine}` : `the bucket ${bucket} is in another region`,
    hint: right ? `Write "region: ${right}" for this target.` : 'Write the region of the bucket for this target.',
  };
};
const noBucket: Explain = ({ bucket, region, endpoint }) => ({
  code: 'TARGET_UNREACHABLE',
  reason: `there is no bucket ${bucket}`,
  hint: `Correct bucket${endpoint ? ' or endpoint' : ''} in the plan, or make it: aws s3 mb s3://${bucket}${endpoint ? ` --endpoint-url ${endpoint}` : region ? ` --region ${region}` : ''}`,
});
const missing: Explain = ({ location }) => ({
  code: 'OBJECT_MISSING',
  reason: 'there is no such object',
  hint: `Was it removed from ${location} by hand, or by a lifecycle rule? Another target of the plan may still have it.`,
});
const uploadGone: Explain = () => ({
  code: 'TARGET_FAILED',
  reason: 'the server does not know the upload any more',
  hint: 'Something has aborted it: a lifecycle rule for unfinished uploads, or another program. The next run begins it anew.',
});
const cold: Explain = () => ({
  code: 'OBJECT_COLD',
  reason: 'it is in cold storage and must be thawed first',
  hint: 'A restore asks for the thaw: docs/cold-storage.md says how, and how long it takes.',
});
const full: Explain = () => ({ code: 'TARGET_FULL', reason: 'the storage or its quota is used up', hint: 'Make room there, or raise the quota, and run bat again.' });
const tooLarge: Explain = () => ({ code: 'TARGET_FULL', reason: 'the object is larger than the server takes', hint: 'Set a smaller `volume` in the tar step.' });
const noClass: Explain = () => ({ code: 'TARGET_FAILED', reason: 'the server does not know the storage class', hint: 'Correct storage-class in the plan, or leave it out.' });
const noKey: Explain = () => ({ code: 'TARGET_DENIED', reason: 'the KMS key cannot be used', hint: 'Check kms-key in the plan: it must be there, enabled, in the region of the bucket, and the access key must be allowed kms:GenerateDataKey and kms:Decrypt.' });
const notDone: Explain = (_attempt, { message }) => ({
  code: 'TARGET_FAILED',
  reason: `the server does not do what was asked${said(message)}`,
  hint: 'Leave out storage-class, server-side-encryption and tags one after the other: not every server has them.',
});
const damaged: Explain = () => ({ code: 'TARGET_FAILED', transient: true, reason: 'the bytes arrived damaged, and were refused', hint: 'If it fails again, check the network, and the memory of this machine.' });
const busy: Explain = () => ({ code: 'TARGET_FAILED', transient: true, reason: 'the server asks to go slower', hint: 'If it stays so, send less at a time.' });

/** By the code that S3 gives, or a server like it. */
const meanings: Record<string, Explain> = {
  AccessDenied: denied, AllAccessDisabled: denied, AccountProblem: denied, NotSignedUp: denied, InvalidPayer: denied, Unauthorized: denied,
  InvalidAccessKeyId: unknownKey, SignatureDoesNotMatch: wrongSecret,
  ExpiredToken: staleToken, InvalidToken: staleToken, TokenRefreshRequired: staleToken,
  RequestTimeTooSkewed: wrongClock, RequestExpired: wrongClock,
  PermanentRedirect: wrongRegion, TemporaryRedirect: wrongRegion, AuthorizationHeaderMalformed: wrongRegion, IllegalLocationConstraintException: wrongRegion,
  NoSuchBucket: noBucket, InvalidBucketName: noBucket,
  NoSuchKey: missing, NotFound: missing, NoSuchUpload: uploadGone, InvalidPart: uploadGone,
  InvalidObjectState: cold,
  QuotaExceeded: full, InsufficientCapacity: full, XMinioStorageFull: full, XMinioAdminBucketQuotaExceeded: full, EntityTooLarge: tooLarge,
  InvalidStorageClass: noClass, NotImplemented: notDone, MethodNotAllowed: notDone, InvalidArgument: notDone, InvalidTag: notDone,
  BadDigest: damaged, XAmzContentSHA256Mismatch: damaged, IncompleteBody: damaged, InvalidDigest: damaged,
  SlowDown: busy, SlowDownRead: busy, SlowDownWrite: busy, TooManyRequests: busy, ThrottlingException: busy, RequestLimitExceeded: busy,
};
/** What networks refuse with until somebody has signed in, and proxies for a while. */
const refusals = new Set([401, 403, 407, 429]);
/** Refusals that pass although their status does not say so. */
const passing = new Set(['RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict', 'InternalError', 'ServiceUnavailable']);

/** What a server's answer means. */
export function meaningOf(attempt: Attempt, answer: Answer): Meaning {
  const { code, status, message } = answer;
  // The wrong form of an Authorization header is the wrong region only where a region is named.
  if (code === 'AuthorizationHeaderMalformed' && !answer.region && !answer.headers['x-amz-bucket-region']) return other(code, status, message);
  const known = meanings[code];
  if (known) return known(attempt, answer);
  if (code.startsWith('KMS.')) return noKey(attempt, answer);
  if (status === 301 || status === 307) return wrongRegion(attempt, answer);
  if (status === 429) return busy(attempt, answer);
  if (passing.has(code) || status === 408 || (status >= 500 && status !== 501)) return broken(code, status);
  if (status === 401 || status === 403) return isS3Answer(answer) ? denied(attempt, answer) : inBetween(status);
  if (status >= 200 && status < 300) return cutOff();
  return other(code, status, message);
}

/**
 * At first it is rather a wrong address; later, when the server has answered before, something that has come in between. Pages
 * that refuse are rather a network's that wants a word first, from the beginning.
 */
export function noStore({ known, endpoint }: Attempt, { status }: Answer): Meaning {
  if (known || status >= 500 || refusals.has(status)) return inBetween(status, known ? undefined : endpoint);
  return {
    code: 'TARGET_UNREACHABLE',
    reason: `${endpoint ?? 'what answers'} is no S3 server: it answers with a web page (HTTP ${status})`,
    hint: 'Correct endpoint in the plan: it is the address of the S3 API and not that of the console. Or is there a login page of the network in between?',
  };
}

/** Without a word of S3 in it, an answer is not the server's: a proxy's or a login page's, and those pass. */
function inBetween(status: number, endpoint?: string): Meaning {
  return {
    code: 'TARGET_FAILED',
    transient: true,
    reason: `something in between refused it, and not the server (HTTP ${status})`,
    hint: `Is there a proxy, a firewall or a login page of the network in the way?${endpoint ? ` Or is endpoint wrong in the plan: ${endpoint}` : ''}`,
  };
}

function broken(code: string, status: number): Meaning {
  return { code: 'TARGET_FAILED', transient: true, reason: `the server failed (${code === 'Unknown' ? `HTTP ${status}` : code})`, hint: 'It is the server that has a problem. If it stays so, look at its status page or its log.' };
}

function cutOff(): Meaning {
  return { code: 'TARGET_FAILED', transient: true, reason: 'the answer was cut off or cannot be read', hint: 'If it fails again, check the network.' };
}

function other(code: string, status: number, message: string): Meaning {
  return { code: 'TARGET_FAILED', reason: `the server refused it: ${code === 'Unknown' ? `HTTP ${status}` : code}${said(message)}`, hint: `Check the options of this target. ${page} explains them.` };
}

/** A sentence of the server, if it gave one. */
export function said(message: string): string {
  return message === '' ? '' : `: ${message.replace(/\s+/g, ' ').replace(/\.$/, '')}`;
}
