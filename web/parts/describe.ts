import { ApiError } from '../api/request.ts';

/** What went wrong and what to do, in one or two sentences. */
export function describe(error: unknown): string {
  if (error instanceof ApiError) return error.hint ? `${error.message.replace(/\w$/, '$&.')} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
