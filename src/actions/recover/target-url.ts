/** A target named by one address, for a machine that has no plan. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BatError } from '../../core/errors.ts';
import { registerSecret } from '../../core/secrets.ts';
import type { Registries } from '../../plan/kinds.ts';
import { propertiesOf } from '../../plan/schema-walk.ts';

export interface NamedPlace {
  /** The kind of target. */
  type: string;
  options: Record<string, unknown>;
  /** Which of the options is the path below which the plans lie; null where they lie below no path. */
  pathOption: 'path' | 'prefix' | 'folder' | null;
  /** The address is that of one plan. */
  only?: string;
  /** For a person, without secrets. */
  shown: string;
}

const forms = 'Write a folder (/mnt/usb/bat or file:///mnt/usb/bat), s3://BUCKET/PREFIX?endpoint=…&region=…, https://HOST:PORT of a bat server, or cloudinary://KEY:SECRET@CLOUD/FOLDER; with CLOUDINARY_URL set, cloudinary:///FOLDER.';
/** What an address may say of a bucket beside its name; keys come from the environment, and never from a command line. */
const bucketOptions = ['endpoint', 'region', 'profile', 'path-style'];

/** Throws USAGE. */
export function parseTargetUrl(text: string, environment: NodeJS.ProcessEnv, registries: Registries): NamedPlace {
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || /^[a-z]:[\\/]/i.test(text)) return folder(resolve(text));
  const url = URL.parse(text);
  if (scheme === 'file' && url) return folder(fileUrlPath(url));
  if (scheme === 's3' && url) return bucket(url, registries);
  if ((scheme === 'http' || scheme === 'https') && url) return server(url, environment);
  if (scheme === 'cloudinary') return account(text, environment);
  throw wrong(`"${scheme}:" is no kind of target that is known here.`);
}

function folder(path: string): NamedPlace {
  return { type: 'file', options: { path }, pathOption: 'path', shown: path };
}

function fileUrlPath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw wrong('The address names no folder of this machine.');
  }
}

function bucket(url: URL, registries: Registries): NamedPlace {
  if (url.username !== '' || url.password !== '') {
    registerSecret(decodeURIComponent(url.password || url.username));
    throw new BatError('USAGE', 'The keys of a bucket do not belong into its address, where others can see them.', { hint: 'Put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: s3://BUCKET/PREFIX?profile=NAME.' });
  }
  const name = url.hostname;
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const options: Record<string, unknown> = { bucket: name, ...(prefix === '' ? {} : { prefix }) };
  const schemas = propertiesOf(registries.targets.find(({ type }) => type === 's3')!.schema);
  for (const [key, value] of url.searchParams) {
    if (!bucketOptions.includes(key)) throw wrong(`The address has an unknown part "${key}".`, `It may have: ${bucketOptions.join(', ')}.`);
    options[key] = key === 'path-style' ? value !== 'false' : value;
  }
  for (const [key, value] of Object.entries(options)) {
    const { pattern } = schemas[key] ?? {};
    if (typeof pattern === 'string' && typeof value === 'string' && !new RegExp(pattern).test(value)) throw wrong(`"${value}" cannot be the ${key} of a target.`);
  }
  return { type: 's3', options, pathOption: 'prefix', shown: `s3://${name}${prefix === '' ? '' : `/${prefix}`}` };
}

/** A bat server: its own address, or that of the store of a plan, as bat shows it. The token comes from the environment. */
function server(url: URL, environment: NodeJS.ProcessEnv): NamedPlace {
  if (url.username !== '' || url.password !== '') {
    registerSecret(decoded(url.password || url.username));
    throw wrong('The token of a server does not belong into its address, where others can see it.', 'Put it into BAT_TOKEN.');
  }
  for (const key of url.searchParams.keys()) if (key !== 'ca') throw wrong(`The address has an unknown part "${key}".`, 'It may have: ca, the file of a certificate to trust.');
  const [, before = '', only] = /^(.*?)(?:\/stores\/([^/]+))?\/*$/.exec(url.pathname) ?? [];
  const address = `${url.origin}${before.replace(/\/+$/, '')}`;
  const ca = url.searchParams.get('ca');
  const token = environment['BAT_TOKEN'];
  return { type: 'http', options: { url: address, ...(token ? { token } : {}), ...(ca ? { ca } : {}) }, pathOption: null, shown: address, ...(only === undefined ? {} : { only: decoded(only) }) };
}

/** The address of the account, as its console gives it, with a folder behind it. */
function account(text: string, environment: NodeJS.ProcessEnv): NamedPlace {
  const parts = /^cloudinary:(?:\/\/(?:([^/?#]*)@)?([^/?#@]*))?\/?([^?#]*)(\?[^#]*)?$/i.exec(text);
  if (!parts) throw wrong('That is no address of an account at Cloudinary.');
  const [, login, cloud = '', path = '', query = ''] = parts;
  const secret = login?.slice(login.indexOf(':') + 1);
  if (secret) {
    registerSecret(secret);
    registerSecret(decoded(secret));
  }
  const given = environment['CLOUDINARY_URL'];
  if (login === undefined && !given) throw wrong('The address has no key of the account.', 'Put cloudinary://KEY:SECRET@CLOUD into CLOUDINARY_URL: a command line can be seen by others.');
  const url = login === undefined ? given! : `cloudinary://${login}@${cloud}${query}`;
  const found = /@([^/?#]+)/.exec(url)?.[1] ?? '';
  if (login === undefined && cloud !== '' && cloud !== found) throw wrong(`CLOUDINARY_URL is of the account ${found}, and not of ${cloud}.`);
  const below = decoded(path).replace(/^\/+|\/+$/g, '');
  return { type: 'cloudinary', options: { url, ...(below === '' ? {} : { folder: below }) }, pathOption: 'folder', shown: `cloudinary://${found}${below === '' ? '' : `/${below}`}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('The address is not encoded as one.');
  }
}

function wrong(message: string, hint = forms): BatError {
  return new BatError('USAGE', message, { hint });
}
