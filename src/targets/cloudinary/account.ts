/** Whose account it is, where its API is, and its signatures. */
import { BatError } from '../../core/errors.ts';
import { registerSecret } from '../../core/secrets.ts';

export interface CloudinaryOptions {
  url?: string;
  'cloud-name'?: string;
  'api-key'?: string;
  'api-secret'?: string;
  folder?: string;
  'upload-prefix'?: string;
  signature?: 'sha1' | 'sha256';
  'part-size'?: string;
}

export interface Account {
  cloudName: string;
  apiKey: string;
  apiSecret: string;
  /** The address of the API, without a slash at its end. */
  api: string;
  signature: 'sha1' | 'sha256';
}

/** The secret goes to Admin calls as it is, so it leaves the machine over TLS only. */
export const apiAddressPattern = '^(https://[^/\\s]+|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?)/?$';
const defaultApi = 'https://api.cloudinary.com';

/** What the options say. Throws PLAN_INVALID for a `url` that is none; the url is not shown, since it holds the secret. */
export function accountOf(id: string, options: CloudinaryOptions): Account {
  const parsed = options.url === undefined ? null : parseUrl(options.url, `The \`url\` of target "${id}"`);
  return {
    cloudName: parsed?.cloudName ?? options['cloud-name']!,
    apiKey: parsed?.apiKey ?? options['api-key']!,
    apiSecret: parsed?.apiSecret ?? options['api-secret']!,
    api: (options['upload-prefix'] ?? parsed?.api ?? defaultApi).replace(/\/$/, ''),
    signature: options.signature ?? parsed?.signature ?? 'sha1',
  };
}

/** The account's signature of these parameters, in hex. The package's function is given all it would else take from the environment. */
export async function sign({ apiSecret, signature }: Account, parameters: Record<string, string | number>): Promise<string> {
  const { v2 } = await import('cloudinary');
  const apiSignRequest = v2.utils.api_sign_request as (parameters: object, secret: string, algorithm: string, version: number) => string;
  return apiSignRequest(parameters, apiSecret, signature, 2);
}

/** For plans that are looked at: the url may still be a reference to a secret, or a variable that is not set. Throws PLAN_INVALID. */
export function checkUrl({ url }: CloudinaryOptions): void {
  if (typeof url === 'string' && !url.includes('${')) parseUrl(url, '"url"');
}

/** `cloudinary://KEY:SECRET@CLOUD`, as the console of Cloudinary gives it. `what`: for the sentence, since the url itself must not be shown. */
function parseUrl(text: string, what: string): Partial<Account> {
  const url = URL.parse(text.trim());
  const api = url?.searchParams.get('upload_prefix') ?? undefined;
  const [apiKey, apiSecret] = [decoded(url?.username), decoded(url?.password)];
  const sound = url?.protocol === 'cloudinary:' && apiKey !== '' && apiSecret !== '' && url.hostname !== '';
  if (!url || !sound || (api !== undefined && !new RegExp(apiAddressPattern).test(api))) {
    throw new BatError('PLAN_INVALID', `${what} is no address of an account at Cloudinary.`, {
      hint: 'Copy it from the console of Cloudinary, API Keys: cloudinary://KEY:SECRET@CLOUD',
    });
  }
  registerSecret(apiSecret);
  return {
    cloudName: url.hostname,
    apiKey,
    apiSecret,
    ...(api === undefined ? {} : { api }),
    ...(url.searchParams.get('signature_algorithm') === 'sha256' ? { signature: 'sha256' } : {}),
  };
}

/** Empty for what is no encoded text. */
function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
