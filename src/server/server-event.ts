/** What the server tells about itself while it runs. */

/** A request that is over. */
export interface RequestRecord {
  /** Null as long as nobody is known. */
  user: string | null;
  address: string;
  method: string;
  /** With its query; whatever looks like a token is hidden. */
  path: string;
  /** 499 where the other side went away before the answer. */
  status: number;
  bytesReceived: number;
  bytesSent: number;
  milliseconds: number;
}

export type ServerEvent =
  /** `addresses`: what to type on other machines, where `url` names every address. */
  | { type: 'listening'; url: string; addresses: readonly string[] }
  | ({ type: 'request' } & RequestRecord)
  /** Something that whoever keeps the server should know. */
  | { type: 'notice'; message: string; hint?: string }
  /** A request failed by a fault of the server: a disk, a database, or a bug (with its stack). */
  | { type: 'failure'; message: string; stack?: string }
  | { type: 'stopped' };

/** A token is told by its form, wherever it stands. */
export function hideTokens(text: string): string {
  return text.replace(/bat_[\w-]{20,}/g, 'bat_***');
}
