/** What a plan or a target says, as an answer of the server. */
import { BatError, type ErrorCode } from '../../core/errors.ts';
import { ServerError, type ServerErrorCode } from '../errors.ts';

const codes: Partial<Record<ErrorCode, ServerErrorCode>> = {
  OBJECT_MISSING: 'NOT_FOUND',
  NOTHING_STORED: 'NOT_FOUND',
  USAGE: 'NOT_FOUND',
  OBJECT_COLD: 'COLD',
};

/** Throws ServerError for what is known: FOLDER_AWAY for a target or a catalog that does not answer as it should. */
export async function asAnswer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    const { hint } = error;
    throw new ServerError(codes[error.code] ?? 'FOLDER_AWAY', error.message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}
