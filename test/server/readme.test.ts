/** The curl lines of the README, run as they stand there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missingPrograms } from '../e2e/judges.ts';
import { startServer } from './start-server.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = /^```console\n(\$ photo=[\s\S]*?)^```$/m.exec(readme)![1]!;
const lines = block.trimEnd().split('\n');
const missing = missingPrograms('curl', 'cmp');

/** What a sync finds is renamed, or unchanged if the server has noticed before it was asked; it may have read the file to be sure. */
const settled = (line: string): string => line.replace(/"read":\d/, '"read":0').replace(/"renamed":(\d+)(.*)"unchanged":(\d+)/, (_all, renamed: string, between: string, unchanged: string) => `"found":${Number(renamed) + Number(unchanged)}${between}`);

describe.skipIf(missing)(`with curl alone${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('a file goes up, is refused as a duplicate, is renamed on the disk, and is refused still', async () => {
    const server = await startServer();
    try {
      // An answer has no line break at its end, which a terminal shows and a comparison would not.
      const script = lines.filter((line) => line.startsWith('$ ')).map((line) => `${line.slice(2)}\necho`).join('\n');
      const env = { ...process.env, url: server.url, token: server.tokens['anna']!, photos: server.photos };
      const { stdout, stderr } = await promisify(execFile)('sh', ['-ec', script], { cwd: root, env });
      expect(stderr).toBe('');
      expect(stdout.split('\n').filter((line) => line !== '').map(settled)).toEqual(lines.filter((line) => !line.startsWith('$ ')).map(settled));
    } finally {
      await server.close();
    }
  });
});
