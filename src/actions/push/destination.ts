/** Where a push goes: the server, and the place in its library. */
import { BatError } from '../../core/errors.ts';

export interface Destination {
  /** `https://nas:7878`. */
  server: string;
  /** `nas:7878`, as it is named to a person. */
  host: string;
  /** In the library, without slashes around it: `photos/from-phone`. */
  folder: string;
}

const hint = 'Write the address of the server and a folder of its library, such as https://nas:7878/photos/from-phone.';

/** Of an address as a person writes it. Throws USAGE. */
export function parseDestination(text: string): Destination {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new BatError('USAGE', `"${text}" is no address of a server.`, { hint });
  if (url.username !== '' || url.password !== '') {
    throw new BatError('USAGE', 'The address has a user or a password in it.', { hint: 'Others on this machine can read command lines: give the token by --token-file or BAT_TOKEN.' });
  }
  if (url.search !== '' || url.hash !== '') throw new BatError('USAGE', `"${text}" has more than an address and a folder.`, { hint: 'A ? or # in a name is written as %3F or %23.' });
  const parts = url.pathname.split('/').filter((part) => part !== '');
  if (parts.length === 0) throw new BatError('USAGE', `"${text}" names no folder of the library.`, { hint });
  return { server: url.origin, host: url.host, folder: parts.map((part) => decodePart(part, text)).join('/') };
}

function decodePart(part: string, text: string): string {
  let name: string | null = null;
  try {
    name = decodeURIComponent(part);
  } catch {
    // Told below.
  }
  if (name === null || name.includes('/') || name.includes('\0')) throw new BatError('USAGE', `"${part}" in "${text}" is no name of a folder.`, { hint: 'A % in a name is written as %25.' });
  return name;
}
