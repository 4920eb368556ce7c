/** What to type on another machine where the server listens on every address of this one. */
import { networkInterfaces } from 'node:os';
import { isIPv4 } from 'node:net';
import { inUrl } from './settings/listen-address.ts';

const most = 4;

/** Addresses of this machine that others may reach, those of version 4 first. None where `host` is itself such an address, or only this machine's. */
export function ownAddresses(host: string, interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  if (!/^[0:.]+$/.test(host)) return [];
  const all = Object.values(interfaces).flatMap((addresses = []) => addresses.filter(({ internal }) => !internal).map(({ address }) => address));
  const short = all.filter(isIPv4);
  // An address of the link alone (fe80::) needs the name of an interface, which a URL cannot have.
  const long = isIPv4(host) ? [] : all.filter((address) => !isIPv4(address) && !/^fe[89ab]/i.test(address));
  return [...short, ...long].slice(0, most).map(inUrl);
}
