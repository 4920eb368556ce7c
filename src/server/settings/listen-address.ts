/** Addresses to listen on, and which of them only this machine can reach. */
import { BlockList, isIP } from 'node:net';
import type { ListenAddress } from './settings.ts';

/** `text` has the form that the schema asks for; null if its port is none. */
export function parseListen(text: string): ListenAddress | null {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  return port > 65_535 ? null : { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** A host without brackets. A name other than localhost could be any address. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0 ? /^(?:.*\.)?localhost\.?$/i.test(host) : loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** For a URL: `[::1]`. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
