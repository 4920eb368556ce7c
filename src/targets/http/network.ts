/** What keeps a call from reaching the server: the line, its name, its certificate. */
import { systemCode, systemReason } from '../../core/errors.ts';
import { formatDuration } from '../../core/units.ts';
import { TimedOut } from '../shared/idle.ts';
import type { Meaning } from './answers.ts';

const checkNetwork = 'If it fails again, check the network.';
const unreachable = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_FAIL', 'ETIMEDOUT']);
const cut = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_HTTP_CONTENT_LENGTH_MISMATCH']);
/** Where TLS is spoken to a server without it. */
const noTls = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** Or null, if it is nothing of that kind. `idle`: milliseconds without a byte that were waited for; `ca`: where a person names a certificate. */
export function meaningOfFailure(error: unknown, address: string, { idle, ca }: { idle: number; ca: string }): Meaning | null {
  if (error instanceof TimedOut) return passing(`it gave no sign of life for ${formatDuration(idle)}`);
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== 'string') return null;
  const { host, protocol } = new URL(address);
  if (noTls.has(code)) {
    return { code: 'TARGET_UNREACHABLE', reason: `${host} does not speak TLS there`, hint: 'Write http:// in the address, or give the server a certificate (`tls` in serve.yaml).' };
  }
  if (isDistrust(code)) return distrust(code, host, ca, (error as Error).message);
  // What answers in TLS, or in anything else, where HTTP was expected.
  if (code.startsWith('HPE_')) return { code: 'TARGET_UNREACHABLE', reason: `${host} does not answer in HTTP`, hint: 'Check the port, and write https:// in the address if the server has a certificate.' };
  // A server that expects TLS cuts off who speaks without.
  if (cut.has(code) && protocol === 'http:') return { ...passing('the connection was cut'), hint: `${checkNetwork} If the server has a certificate, write https:// in the address.` };
  if (cut.has(code)) return passing('the connection was cut');
  if (unreachable.has(code)) {
    return { code: 'TARGET_UNREACHABLE', reason: `${host} cannot be reached: ${code === 'ETIMEDOUT' ? 'it does not answer' : systemReason(error)}`, hint: `Is the server running, and the address right? ${address}`, transient: true };
  }
  return systemCode(error) === undefined ? null : passing(systemReason(error));
}

function passing(reason: string): Meaning {
  return { code: 'TARGET_FAILED', reason, hint: checkNetwork, transient: true };
}

/** A certificate is as good the next minute as it is now. */
function distrust(code: string, host: string, ca: string, message: string): Meaning {
  const reason = `the certificate of ${host} is not trusted: ${reasons[code] ?? message.split(/[.;\n]/)[0]!.trim()}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { code: 'TARGET_UNREACHABLE', reason, hint: 'Write the address with a name that the certificate has, or make one for this name. Else something may be listening in: do not go on.' };
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return { code: 'TARGET_UNREACHABLE', reason, hint: 'Make a new certificate for the server. Or is the clock of this machine wrong?' };
  return { code: 'TARGET_UNREACHABLE', reason, hint: `Name the certificate of the server, or that of the CA that signed it, as ${ca}. If that was done, something may be listening in: do not go on.` };
}

const reasons: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'it is signed by a CA that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it is signed by a CA that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is signed by a CA that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'it is signed by a CA that this machine does not know',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is made for another name',
};

function isDistrust(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(code);
}
