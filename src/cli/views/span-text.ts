/** From which snapshot to which something was there, by the ids of their runs: with the source, `--snapshot` takes these. */
import type { Span } from '../../catalog/spans.ts';

/** `20261120-055913-k3fx … 20261122-060002-m9ab`. */
export function spanText({ first, last }: Span): string {
  return first.id === last.id ? first.run : `${first.run} … ${last.run}`;
}
