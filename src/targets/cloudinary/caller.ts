/** How a call to Cloudinary is made: where it goes, how it is signed, and what its refusal says. */
import { randomBytes } from 'node:crypto';
import type { Account } from './account.ts';
import { sign } from './account.ts';
import { ApiRefusal, waitAskedFor } from './errors.ts';
import type { HttpClient, HttpReply, HttpRequest } from '../shared/http-client.ts';
import { textOf } from '../shared/http-client.ts';

type Answer = Record<string, unknown>;

export interface Post {
  /** `upload`, `destroy`. */
  action: string;
  parameters: Record<string, string>;
  file?: Uint8Array;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export class Caller {
  readonly #account: Account;
  readonly #http: HttpClient;
  readonly #now: () => number;

  constructor(account: Account, http: HttpClient, now: () => number) {
    this.#account = account;
    this.#http = http;
    this.#now = now;
  }

  /** A call of the Upload API. */
  async post({ action, parameters, file, headers = {}, signal }: Post): Promise<Answer> {
    const boundary = `bat-${randomBytes(16).toString('hex')}`;
    const body = formOf(boundary, await this.signed(parameters), file);
    return this.#json({ method: 'POST', url: this.#address(`raw/${action}`), headers: { ...headers, 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body, signal });
  }

  /** A call of the Admin API: these are counted, and refused when the hour's number is used up. */
  admin(path: string, signal?: AbortSignal): Promise<Answer> {
    const { apiKey, apiSecret } = this.#account;
    const credentials = Buffer.from(`${apiKey}:${apiSecret}`).toString('base64');
    return this.#json({ method: 'GET', url: this.#address(path), headers: { Authorization: `Basic ${credentials}` }, signal });
  }

  /** Whatever the answer is. */
  get(path: string, headers: Record<string, string>, signal?: AbortSignal): Promise<HttpReply> {
    return this.#http.send({ method: 'GET', url: this.#address(path), headers, signal });
  }

  /** With the time and the signature. */
  async signed(given: Record<string, string>): Promise<Record<string, string>> {
    const parameters = { ...given, timestamp: String(Math.floor(this.#now() / 1000)) };
    return { ...parameters, signature: await sign(this.#account, parameters), api_key: this.#account.apiKey };
  }

  async refusal(reply: HttpReply): Promise<ApiRefusal> {
    const text = await textOf(reply);
    const { message } = (parsed(text)?.['error'] ?? {}) as { message?: unknown };
    const told = reply.headers['x-cld-error'];
    const said = typeof message === 'string' ? message : typeof told === 'string' ? told : null;
    return new ApiRefusal(reply.status, said, waitAskedFor(reply.status, reply.headers, said ?? '', this.#now()));
  }

  close(): void {
    this.#http.close();
  }

  async #json(request: HttpRequest): Promise<Answer> {
    const reply = await this.#http.send(request);
    if (reply.status !== 200) throw await this.refusal(reply);
    const answer = parsed(await textOf(reply));
    if (!answer) throw new ApiRefusal(502, 'the answer is no JSON');
    return answer;
  }

  #address(path: string): string {
    return `${this.#account.api}/v1_1/${encodeURIComponent(this.#account.cloudName)}/${path}`;
  }
}

function formOf(boundary: string, fields: Record<string, string>, file: Uint8Array | undefined): Uint8Array[] {
  const head = Object.entries(fields).map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  const end = `--${boundary}--\r\n`;
  if (!file) return [Buffer.from(head.join('') + end)];
  const fileHead = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return [Buffer.from(head.join('') + fileHead), file, Buffer.from(`\r\n${end}`)];
}

function parsed(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Answer) : null;
  } catch {
    return null;
  }
}
