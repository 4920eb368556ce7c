/** What was found out about one folder since the server started. A report is the difference between two moments. */
export interface SyncCounts {
  added: number;
  renamed: number;
  removed: number;
  changed: number;
  damaged: number;
  read: number;
}

export function noCounts(): SyncCounts {
  return { added: 0, renamed: 0, removed: 0, changed: 0, damaged: 0, read: 0 };
}
