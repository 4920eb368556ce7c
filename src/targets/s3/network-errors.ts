/** Failures before there is an answer: the line, names, certificates, and keys that are nowhere. */
import { systemCode, systemReason } from '../../core/errors.ts';
import { formatDuration } from '../../core/units.ts';
import { SilenceError } from './deadline.ts';
import type { Attempt, Meaning } from './meanings.ts';

const serverOf = ({ endpoint }: Attempt): string => (endpoint ? new URL(endpoint).host : "Amazon's servers");

/** Or null, if it is nothing of that kind. */
export function networkMeaning(error: unknown, attempt: Attempt): Meaning | null {
  if (!(error instanceof Error)) return null;
  const code = (error as { code?: unknown }).code;
  if (error instanceof SilenceError) return passing(`${serverOf(attempt)} gave no sign of life for ${formatDuration(error.silence)}`);
  if (/^(CredentialsProviderError|TokenProviderError|ProviderError)$/.test(error.name)) return noCredentials(error.message, attempt.known);
  if (error.message === 'Region is missing') return noRegion();
  if (error.name === 'EndpointError') return badAddress(attempt);
  // Before the name: the SDK calls a cut connection a timeout, too.
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') return passing('the connection was cut');
  if (error.name === 'TimeoutError') return unreachable(attempt, 'it does not answer');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return unreachable(attempt, "the server's name was not found");
  if (typeof code === 'string' && isTlsCode(code)) return noTrust(attempt, code, error.message);
  if (typeof code === 'string' && code.startsWith('HPE_')) return noHttp(attempt);
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return unreachable(attempt, systemReason(error));
  if (systemCode(error) !== undefined) return passing(systemReason(error));
  return null;
}

function passing(reason: string): Meaning {
  return { code: 'TARGET_FAILED', transient: true, reason, hint: 'If it fails again, check the network.' };
}

function unreachable(attempt: Attempt, reason: string): Meaning {
  return {
    code: 'TARGET_UNREACHABLE',
    transient: true,
    reason: `${serverOf(attempt)} cannot be reached: ${reason}`,
    hint: attempt.endpoint ? `Check the network, and endpoint in the plan: ${attempt.endpoint}` : 'Check the network, and region in the plan.',
  };
}

/** Keys that were there before are fetched anew when they expire: that fails while the network, or whoever gives them, is away. */
function noCredentials(message: string, known: boolean): Meaning {
  // What a credential process printed may be a secret.
  const detail = /Token is expired|SSO|sso login|profile/i.test(message) && !message.includes('Command failed') ? ` (${message.replace(/\s+/g, ' ').replace(/\.$/, '')})` : '';
  if (known && !/expired/i.test(message)) return { ...passing('no new access key was to be had'), hint: 'Those that it had have expired. What gives them, as an AWS profile names it, may be away.' };
  return {
    code: 'TARGET_DENIED',
    reason: `no access key was found${detail}`,
    hint: 'Give access-key and secret-key in the plan, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of the AWS configuration files.',
  };
}

function noRegion(): Meaning {
  return { code: 'TARGET_UNREACHABLE', reason: 'its region is not known', hint: 'Write "region: …" for this target, or set AWS_REGION.' };
}

function badAddress({ region, bucket }: Attempt): Meaning {
  return { code: 'TARGET_UNREACHABLE', reason: 'bucket and region make no address', hint: `Correct bucket (${bucket}) and region (${region ?? 'none'}) in the plan.` };
}

function noTrust(attempt: Attempt, code: string, message: string): Meaning {
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return { code: 'TARGET_UNREACHABLE', reason: `${serverOf(attempt)} does not speak TLS there`, hint: 'Check scheme and port of endpoint in the plan: http:// or https://.' };
  }
  return {
    code: 'TARGET_UNREACHABLE',
    reason: `the certificate of ${serverOf(attempt)} is not trusted: ${message.split(/[.;\n]/)[0]!.trim()}`,
    hint: 'If it is signed by a CA of your own, name its file in the environment variable NODE_EXTRA_CA_CERTS. Else something may be listening in: do not go on.',
  };
}

function noHttp(attempt: Attempt): Meaning {
  return { code: 'TARGET_UNREACHABLE', reason: `${serverOf(attempt)} does not answer in HTTP`, hint: 'Check scheme and port of endpoint in the plan: http:// or https://.' };
}

function isTlsCode(code: string): boolean {
  return code === 'EPROTO' || /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(code);
}
