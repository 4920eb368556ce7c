/** One side of a mirror, as a person writes it. */
import { BatError } from '../../core/errors.ts';

/** A server, and a place in its library. */
export interface ServerAddress {
  /** `https://nas:7878`. */
  server: string;
  /** In the library, without slashes around it: `photos/2024`. Empty for all of its folders. */
  folder: string;
  /** For a person: `https://nas:7878/photos/2024`. */
  shown: string;
}

const hint = 'Write the address of a server, with a folder of its library or without: https://nas:7878/photos.';

/** Whether it is meant as the address of a server. */
export function isServer(text: string): boolean {
  return /^https?:/i.test(text);
}

/** Throws USAGE. */
export function parseServer(text: string): ServerAddress {
  const url = URL.parse(text);
  if (!url || !isServer(text)) throw new BatError('USAGE', `"${text}" is no address of a server.`, { hint });
  if (url.username !== '' || url.password !== '') {
    throw new BatError('USAGE', 'The address has a user or a password in it.', { hint: 'Others on this machine can read command lines: give the token in a file, or in BAT_FROM_TOKEN and BAT_TO_TOKEN.' });
  }
  if (url.search !== '' || url.hash !== '') throw new BatError('USAGE', `"${text}" has more than an address and a folder.`, { hint: 'A ? or # in a name is written as %3F or %23.' });
  const parts = url.pathname.split('/').filter((part) => part !== '').map((part) => decodePart(part, text));
  const folder = parts.join('/');
  return { server: url.origin, folder, shown: folder === '' ? url.origin : `${url.origin}/${folder}` };
}

function decodePart(part: string, text: string): string {
  let name = '';
  try {
    name = decodeURIComponent(part);
  } catch {
    // Told below.
  }
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) throw new BatError('USAGE', `"${part}" in "${text}" is no name of a folder.`, { hint: 'A % in a name is written as %25.' });
  return name;
}
