/** What a request is refused with: a code that never changes its meaning, a sentence, what to do. docs/serve.md lists the codes. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Every code, and the HTTP status that goes with it. */
export const statusCodes = {
  BAD_REQUEST: 400,
  NAME_REFUSED: 400,
  UNAUTHENTICATED: 401,
  DENIED: 403,
  CROSS_SITE: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TIMEOUT: 408,
  EXISTS: 409,
  COLD: 409,
  OFFSET_WRONG: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  RANGE_REFUSED: 416,
  WRONG_HOST: 421,
  HASH_MISMATCH: 422,
  GUESSING: 429,
  HEADERS_TOO_LARGE: 431,
  FAILED: 500,
  INTERNAL: 500,
  BUSY: 503,
  FOLDER_AWAY: 503,
  STOPPING: 503,
  QUOTA: 507,
  DISK_FULL: 507,
} as const satisfies Record<string, ContentfulStatusCode>;

export type ServerErrorCode = keyof typeof statusCodes;

export interface ServerErrorDetails {
  hint?: string;
  cause?: unknown;
  /** Headers that go with the answer, such as Retry-After. */
  headers?: Readonly<Record<string, string>>;
}

export class ServerError extends Error {
  readonly code: ServerErrorCode;
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ServerErrorCode, message: string, details: ServerErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ServerError';
    this.code = code;
    this.hint = details.hint;
    this.headers = details.headers ?? {};
  }

  get status(): ContentfulStatusCode {
    return statusCodes[this.code];
  }

  /** The body of the answer. */
  toJson(): { error: { code: ServerErrorCode; message: string; hint?: string } } {
    return { error: { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) } };
  }
}
