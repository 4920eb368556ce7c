/**
 * What a server, the network or the SDK says, as an error of a target.
 * Errors of the SDK carry the request, with its signature and tokens: none is passed on, only what a person may read of it.
 */
import { BatError, type ErrorDetails } from '../../core/errors.ts';
import { redact } from '../../core/secrets.ts';
import { answerOf, type Answer } from './answer.ts';
import { meaningOf, noStore, said, type Attempt, type Meaning } from './meanings.ts';
import { networkMeaning } from './network-errors.ts';
import { NoStoreError } from './no-store-error.ts';

/** The BatError for what a call threw. What is neither the server's nor the network's doing comes back as it is: a bug. */
export function explain(error: unknown, attempt: Attempt): unknown {
  if (error instanceof BatError) return error;
  const network = networkMeaning(error, attempt);
  if (network) return told(network, attempt, error);
  const answer = answerOf(error);
  if (!answer) return error;
  return told(error instanceof NoStoreError ? noStore(attempt, answer) : meaningOf(attempt, answer), attempt, error, answer);
}

function told(meaning: Meaning, attempt: Attempt, error: unknown, answer?: Answer): BatError {
  const details: ErrorDetails = {
    hint: redact(meaning.hint),
    cause: plainCause(error, answer),
    transient: meaning.transient ?? false,
    subject: attempt.what,
    ...(meaning.transient && answer?.retryAfter !== undefined ? { retryAfter: answer.retryAfter } : {}),
  };
  return new BatError(meaning.code, redact(`Target "${attempt.target}" could not ${attempt.doing} ${attempt.what}: ${meaning.reason}.`), details);
}

/** What the error was, without what hangs on it. */
function plainCause(error: unknown, answer: Answer | undefined): Error {
  const { name, message } = error as Error;
  const text = answer ? `${answer.code} (HTTP ${answer.status})${said(answer.message)}${answer.request ? `, request ${answer.request}` : ''}` : message;
  const cause = new Error(redact(text));
  cause.name = name;
  return cause;
}
