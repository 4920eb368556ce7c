/** The SDK and its client, set so that it does what servers other than Amazon's understand, and nothing behind bat's back. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { registerSecret } from '../../core/secrets.ts';
import { signedSums } from './body.ts';
import { NoStoreError } from './no-store-error.ts';
import type { S3Options } from './options.ts';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface Connection {
  sdk: Sdk;
  client: S3Client;
}

interface HttpRequest {
  headers: Record<string, string>;
  body?: unknown;
}

interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body?: { destroy?: () => void };
}

/** Milliseconds until a connection must stand. */
const connectionTimeout = 10_000;
/** More than bat ever uses at a time; the SDK would warn on the terminal. */
const maxSockets = 64;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Loads the SDK: a fifth of a second and thirty megabytes that only plans with such a target pay for. */
export async function openConnection(options: S3Options): Promise<Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client(settingsOf(options));
  signBodies(client);
  refuseWebPages(client);
  learnSecrets(client);
  return { sdk, client };
}

function settingsOf(options: S3Options): S3ClientConfig {
  const { region, endpoint, profile } = options;
  const keyId = options['access-key'];
  const secret = options['secret-key'];
  const token = options['session-token'];
  for (const value of [keyId, secret, token]) if (value !== undefined) registerSecret(value);
  return {
    // Where the server is named, the region is only a word in the signature: most take this one.
    ...(region ? { region } : endpoint ? { region: 'us-east-1' } : {}),
    ...(endpoint ? { endpoint } : {}),
    forcePathStyle: options['path-style'] ?? endpoint !== undefined,
    ...(keyId !== undefined && secret !== undefined
      ? { credentials: { accessKeyId: keyId, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) } }
      : {}),
    ...(profile ? { profile } : {}),
    // Retrying is done in one place for all targets.
    maxAttempts: 1,
    // Else bodies go out as aws-chunked, which many servers refuse or store as it is. Content-MD5 and the signed SHA-256 are enough.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    // A clock that is wrong is told, and not made up for: it would stand in every snapshot.
    disableClockSkewCorrection: true,
    followRegionRedirects: false,
    logger: silent,
    requestHandler: { connectionTimeout, requestTimeout: 0, socketTimeout: 0, httpAgent: { maxSockets }, httpsAgent: { maxSockets }, logger: silent },
  };
}

/** The SDK signs no stream by its sum, and these are streams of bytes that are known. */
function signBodies(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as HttpRequest;
      const sum = typeof request.body === 'object' && request.body ? signedSums.get(request.body) : undefined;
      if (sum) request.headers['x-amz-content-sha256'] = sum;
      return next(args);
    },
    { step: 'build', name: 'batSignBodies' },
  );
}

/** What answers with a page for a browser is no S3: a wrong address, a proxy, or the login page of a network. */
function refuseWebPages(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, headers, body } = result.response as HttpResponse;
      if (/^text\/html\b/i.test(headers['content-type'] ?? '') && headers['x-amz-request-id'] === undefined) {
        body?.destroy?.();
        throw new NoStoreError(statusCode, headers);
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'batRefuseWebPages' },
  );
}

/** Credentials that were found by the SDK itself are as secret as those of the plan. */
function learnSecrets(client: S3Client): void {
  const { credentials } = client.config;
  client.config.credentials = async (...given) => {
    const found = await credentials(...given);
    registerSecret(found.secretAccessKey);
    if (found.sessionToken) registerSecret(found.sessionToken);
    return found;
  };
}
