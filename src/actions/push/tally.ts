/** What a push has come to. */

/** Counted, and not sent: what no library holds. */
export interface Skipped {
  symlinks: number;
  /** Sockets, devices, fifos. */
  special: number;
}

export interface Amount {
  files: number;
  bytes: number;
}

export interface PushSummary {
  /** Acknowledged by the server; in a dry run what would be sent. */
  sent: Amount;
  /** The server had the content already, or has it now from another file. */
  there: Amount;
  skipped: Skipped;
  /** Files and folders that could not be read. */
  unread: number;
  /** Files that changed whenever they were read: the next push sends them. */
  changed: number;
  /** Files that the server did not take. */
  refused: number;
  /** Milliseconds. */
  duration: number;
}

export function emptySummary(): PushSummary {
  return { sent: { files: 0, bytes: 0 }, there: { files: 0, bytes: 0 }, skipped: { symlinks: 0, special: 0 }, unread: 0, changed: 0, refused: 0, duration: 0 };
}

export function add(amount: Amount, bytes: number): void {
  amount.files++;
  amount.bytes += bytes;
}
