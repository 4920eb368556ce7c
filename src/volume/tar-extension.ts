/** What stands before a tar header that cannot say it all: a pax extended header, or the GNU long names. */

export interface PaxRecord {
  key: 'size' | 'uid' | 'gid' | 'mtime';
  value: number | string;
}

/** The body of a pax extended header: `LENGTH KEY=VALUE\n` each, where LENGTH counts itself. */
export function paxBody(records: readonly PaxRecord[]): Buffer {
  const lines = records.map(({ key, value }) => {
    const rest = ` ${key}=${value}\n`;
    const digits = rest.length < 9 ? 1 : 2;
    return `${rest.length + digits}${rest}`;
  });
  return Buffer.from(lines.join(''));
}

/** The body of a GNU long name ('L') or long link ('K') member: raw bytes and a NUL. */
export function longNameBody(name: Buffer): Buffer {
  return Buffer.concat([name, Buffer.alloc(1)]);
}
