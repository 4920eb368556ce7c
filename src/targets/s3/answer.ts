/** What a server answered, taken from an error of the SDK. */
import { NoStoreError } from './no-store-error.ts';

export interface Answer {
  status: number;
  /** S3's own word: `NoSuchBucket`; `Unknown` if there is none, as in the answer to a HEAD. */
  code: string;
  /** The server's sentence, or nothing. */
  message: string;
  headers: Readonly<Record<string, string>>;
  /** Where the bucket is, if the answer says so. */
  region: string | undefined;
  /** Whether it came from a body in the words of S3. */
  hasBody: boolean;
  request: string | undefined;
  /** Milliseconds. */
  retryAfter: number | undefined;
}

interface SdkError {
  name?: string;
  message?: string;
  Code?: string;
  Region?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: { statusCode?: number; headers?: Record<string, string> };
}

/** Or null for an error that came before there was an answer. */
export function answerOf(error: unknown): Answer | null {
  if (error instanceof NoStoreError) return { ...noWords, status: error.statusCode, headers: error.headers, retryAfter: retryAfterOf(error.headers) };
  const { name, message, Code, Region, $metadata, $response } = (error ?? {}) as SdkError;
  const status = $response?.statusCode ?? $metadata?.httpStatusCode;
  if (status === undefined) return null;
  const headers = $response?.headers ?? {};
  const isRead = Code !== undefined || message === 'UnknownError' || name === 'NotFound';
  return {
    ...noWords,
    status,
    code: Code ?? (name !== undefined && /^[A-Z][A-Za-z]+$/.test(name) && !/Error$|^Unknown$/.test(name) ? name : name === 'InternalError' ? name : 'Unknown'),
    // A text that is no XML makes the reader complain; its complaint is no sentence of the server.
    message: isRead && message !== 'UnknownError' ? (message ?? '') : '',
    headers,
    region: Region,
    hasBody: Code !== undefined,
    request: $metadata?.requestId,
    retryAfter: retryAfterOf(headers),
  };
}

/** Whether an S3 server said it, and nothing in between: an answer to a HEAD has no body, so its marks must do. */
export function isS3Answer({ hasBody, headers }: Answer): boolean {
  return hasBody || headers['x-amz-request-id'] !== undefined;
}

const noWords = { code: 'Unknown', message: '', region: undefined, hasBody: false, request: undefined };

/** Seconds, or a date. */
function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}
