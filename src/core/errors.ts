/** Errors a person can act on (bat-error.ts), and a person's words for those of the system. */
import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

export { BatError, type ErrorCode, type ErrorDetails, exitCodes } from './bat-error.ts';

/**
 * The `code` of a Node system error (`ENOENT`, `EAI_AGAIN`, …), or undefined for anything else. Node has no code for every number of
 * the kernel; such an error gets the kernel's name for it, or `E` and the number.
 */
export function systemCode(error: unknown): string | undefined {
  const { code, errno, syscall } = (error ?? {}) as { code?: unknown; errno?: unknown; syscall?: unknown };
  if (typeof code === 'string' && /^(E[A-Z0-9]+|EAI_[A-Z]+)$/.test(code)) return code;
  if (typeof errno !== 'number' || errno >= 0 || typeof syscall !== 'string') return undefined;
  return (kernelNames ??= namesByNumber()).get(-errno) ?? `E${-errno}`;
}

/** A person's words for a system error, without Node's syscall jargon. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return systemReasons[code] ?? nodesReason(error as { errno?: unknown }) ?? (error instanceof Error ? error.message : code);
}

function nodesReason({ errno }: { errno?: unknown }): string | undefined {
  if (typeof errno !== 'number' || !Number.isInteger(errno) || errno >= 0) return undefined;
  const message = getSystemErrorMessage(errno);
  return message === undefined || message.startsWith('Unknown') ? `the system reported its error number ${-errno}` : message;
}

let kernelNames: Map<number, string> | null = null;

/** What disks and file systems report, by the numbers of Linux, and is named nowhere in Node. */
const linuxNames: [number, string][] = [
  [117, 'EUCLEAN'], [123, 'ENOMEDIUM'], [124, 'EMEDIUMTYPE'], [126, 'ENOKEY'], [127, 'EKEYEXPIRED'], [128, 'EKEYREVOKED'], [129, 'EKEYREJECTED'],
];

function namesByNumber(): Map<number, string> {
  const named = Object.entries(constants.errno).map(([name, number]): [number, string] => [number, name]);
  return new Map([...(process.platform === 'linux' ? linuxNames : []), ...named]);
}

const systemReasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is too large for this file system',
  EIO: 'the disk reported a read or write error',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long for this file system',
  ELOOP: 'too many symbolic links',
  ETIMEDOUT: 'the connection timed out',
  ESTALE: 'the network file handle is stale',
  EBADMSG: 'the data on the disk is damaged',
  EUCLEAN: 'the file system is damaged',
  ENODEV: 'the device is not there',
  ENXIO: 'the device is not there',
  ENOMEDIUM: 'there is no medium in the drive',
  EREMOTEIO: 'the device or the server reported a read or write error',
  ENETDOWN: 'the network is down',
  ENETUNREACH: 'the network cannot be reached',
  EHOSTDOWN: 'the server is down',
  EHOSTUNREACH: 'the server cannot be reached',
  ENOTCONN: 'it is not connected',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: "the server's name was not found",
  EAI_AGAIN: "the server's name was not found",
  EAI_FAIL: "the server's name was not found",
  ENOKEY: 'it is encrypted, and its key is not loaded',
  EKEYEXPIRED: 'it is encrypted, and its key has expired',
  EKEYREVOKED: 'it is encrypted, and its key was revoked',
  EBUSY: 'it is in use',
  EXDEV: 'it is on another file system',
};
