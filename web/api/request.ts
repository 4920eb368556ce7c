/** The one place that speaks to the server. The session is a cookie that the script cannot see. */

/** What the server refused, or that it did not answer: a sentence for the person, and what to do if that is known. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: string;
  /** HTTP status; 0 if nothing answered. */
  readonly status: number;
  readonly hint: string | undefined;

  constructor(code: string, status: number, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.status = status;
    this.hint = hint;
  }

  /** Nothing is wrong with the request: the same one may succeed later. */
  get away(): boolean {
    return this.status === 0 || this.code === 'STOPPING' || this.status === 502 || this.status === 504;
  }
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let onSignedOut: () => void = () => {};

/** Calls back whenever an answer says that nobody is signed in any more. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/** Throws an ApiError for whatever is not a success; an abort is thrown as it is. */
export async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', headers: { ...options.headers } };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { ...options.headers, 'Content-Type': 'application/json' };
  }
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw notAnswering();
  }
  if (response.ok) return response;
  const refused = errorOf(response.status, await response.text().catch(() => ''), response.headers.get('Retry-After'));
  if (refused.code === 'UNAUTHENTICATED' && path !== '/session') onSignedOut();
  throw refused;
}

export async function requestJson<Answer>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await request(method, path, options);
  return (await response.json()) as Answer;
}

export function notAnswering(): ApiError {
  return new ApiError('AWAY', 0, 'The server does not answer.', 'Check that it runs and that this device is in the same network.');
}

/** The error that an answer of the server tells; also for answers that something in between gave. */
export function errorOf(status: number, text: string, retryAfter?: string | null): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; hint?: string } };
    const later = retryAfter && /^\d+$/.test(retryAfter) ? `Try again in ${retryAfter} s.` : undefined;
    return new ApiError(error.code, status, error.message, error.hint ?? later);
  } catch {
    return new ApiError('INTERNAL', status, `The server answered with the status ${status} and nothing that says why.`);
  }
}

function withQuery(path: string, query: RequestOptions['query'] = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== false) words.set(name, value === true ? '' : String(value));
  }
  return words.size === 0 ? path : `${path}?${words}`;
}
