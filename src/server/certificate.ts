/** The certificate of the server and its key: read, checked that they fit, and read again when they change, as they do every few months. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { ServerEvent } from './server-event.ts';
import type { ServeSettings } from './settings/settings.ts';

export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

type Files = NonNullable<ServeSettings['tls']>;

const lookTime = 60_000;
const day = 86_400_000;
const soon = 14 * day;

/** Throws LISTEN_FAILED. */
export function readCertificate(files: Files): Certificate {
  const cert = readPart(files.certificate, 'certificate');
  const key = readPart(files.key, 'key of the certificate');
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const isPair = (cause as { code?: string }).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    const what = isPair ? `The key ${files.key} is not that of the certificate ${files.certificate}` : `The certificate ${files.certificate} or its key ${files.key} cannot be used: ${(cause as Error).message}`;
    throw new BatError('LISTEN_FAILED', `${what}.`, { hint: 'Both are files in PEM; the key has no passphrase.', subject: files.certificate, cause });
  }
  return { cert, key };
}

/** Why browsers do not accept it, or will not soon; null if all is well. */
export function certificateNotice({ cert }: Certificate, now = Date.now()): string | null {
  const { validTo } = new X509Certificate(cert);
  const left = Date.parse(validTo) - now;
  if (left < 0) return `The certificate ended on ${validTo}.`;
  return left < soon ? `The certificate ends in ${Math.floor(left / day)} days, on ${validTo}.` : null;
}

/** Takes a new certificate into use once it is whole; until then the old one stays. `signal` ends the watch. */
export function followCertificate(server: Server, files: Files, log: (event: ServerEvent) => void, every = lookTime): { stop(): void } {
  let seen = stamp(files);
  const timer = setInterval(() => {
    const now = stamp(files);
    if (now === seen) return;
    seen = now;
    try {
      const certificate = readCertificate(files);
      server.setSecureContext(certificate);
      log({ type: 'notice', message: 'The certificate has changed: the new one is in use.' });
      const notice = certificateNotice(certificate);
      if (notice !== null) log({ type: 'notice', message: notice });
    } catch (error) {
      if (!(error instanceof BatError)) throw error;
      log({ type: 'notice', message: `The certificate has changed, and the old one stays in use. ${error.message}` });
    }
  }, every);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function stamp({ certificate, key }: Files): string {
  return [certificate, key].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join(' ');
}

function readPart(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    throw new BatError('LISTEN_FAILED', `The ${what} ${file} cannot be read: ${systemReason(cause)}.`, { hint: '`tls:` in the settings names both; the user that runs the server must be able to read them.', subject: file, cause });
  }
}
