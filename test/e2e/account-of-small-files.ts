/** A backup to an account that takes no large files, restored in every way there is: by bat, by restore.py, and by hand. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { codeOn, commandsUnder, runProgram } from './by-hand.ts';
import { differences, filesBelow, shell } from './judges.ts';
import { noise } from './noise.ts';

export interface SmallFiles {
  /** Bytes that the account takes. */
  limit: number;
  /** Bytes of the file that is backed up. */
  size: number;
  /** A plan's size, above that: all of it goes into one volume. */
  volume: string;
}

const downloader = codeOn('targets-cloudinary.md', 'import ');
const downloadOne = codeOn('targets-cloudinary.md', 'now=');

export async function backUpToSmallFiles({ limit, size, volume }: SmallFiles): Promise<void> {
  const server = await startCloudinary({ rawLimit: limit });
  const box = sandbox();
  try {
    const { cloudName, apiKey, apiSecret } = server.settings;
    const { identity, recipient } = await generateIdentity('x25519');
    const piece = 32 * 2 ** 20;
    mkdirSync(join(box.folder, 'src'));
    for (let at = 0; at < size; at += piece) writeFileSync(join(box.folder, 'src/film.mkv'), noise(Math.min(piece, size - at), at / piece), { flag: 'a' });
    box.write({
      'src/letter.txt': 'Dear Ada\n',
      'key.txt': `${identity}\n`,
      'download.py': downloader,
      'bat.yaml': `version: 1
name: plan
sources: { src: { path: src } }
steps: [select, { tar: { volume: ${volume} } }, compress, { encrypt: { to: ${recipient} } }, { upload: { to: cloud } }, record]
targets:
  cloud: { type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "\${SECRET}", folder: backups, upload-prefix: "${server.url}" }
`,
    });
    const environment = { SECRET: apiSecret };
    await expectDone(box, ['run'], environment);
    const { usage, list, admin } = server.counts;
    expect(usage + list + admin, 'counted calls of a run').toBeLessThanOrEqual(5);
    const parts = server.everything().filter((id) => /\/volumes\/.*\.\d{3}$/.test(id));
    expect(parts.length).toBeGreaterThanOrEqual(Math.ceil(size / limit));
    const stored = server.everything().filter((id) => id.includes('/volumes/')).sort();
    await expectDone(box, ['run'], environment);
    expect(server.everything().filter((id) => id.includes('/volumes/')).sort(), 'a second run stores no volume').toEqual(stored);

    // On a bare machine.
    await expectDone(box, ['restore', '-i', 'key.txt', '--to', 'by bat'], { ...environment, XDG_STATE_HOME: join(box.folder, 'bare') });
    expect(differences(join(box.folder, 'src'), join(box.folder, 'by bat/src'))).toBe('');

    const copy = join(box.folder, 'copy');
    mkdirSync(copy);
    const bash = { folder: copy };
    await runProgram('python3', ['../download.py', cloudName, apiKey, 'backups/plan'], { folder: copy, environment: { API_SECRET: apiSecret, API: server.url } });
    expect(filesBelow(copy).map((name) => `backups/plan/${name}`)).toEqual(server.everything().sort());
    // And once more, with curl.
    const download = downloadOne
      .replace('id=backups/nas/README.txt', 'id="$1"')
      .replace('-o README.txt', '-s --create-dirs -o "by curl/${id#backups/plan/}"')
      .replace('https://api.cloudinary.com', server.url)
      .replace('CLOUD_NAME', cloudName)
      .replace('API_KEY', apiKey);
    for (const id of server.everything()) await runProgram('bash', ['-ec', download, 'download', id], { folder: box.folder, environment: { API_SECRET: apiSecret } });
    shell('diff -r copy "by curl"; rm -r "by curl"', { folder: box.folder });
    shell('cp ../key.txt .; python3 restore.py --identity key.txt --to restored 2> messages || { cat messages; false; }', bash);
    expect(differences(join(box.folder, 'src'), join(copy, 'restored/src'))).toBe('');
    rmSync(join(copy, 'restored'), { recursive: true });

    const readme = readFileSync(join(copy, 'README.txt'), 'utf8');
    shell(commandsUnder(readme, 'If names end in .000'), bash);
    shell(commandsUnder(readme, 'with tar alone'), bash);
    expect(shell('cmp out/src/film.mkv ../src/film.mkv; cat out/src/letter.txt', bash)).toBe('Dear Ada\n');
  } finally {
    box.remove();
    await server.close();
  }
}

async function expectDone(box: Sandbox, words: readonly string[], environment: Record<string, string>): Promise<void> {
  const { code, out, err } = await box.start([...words, '--quiet'], { environment }).ended;
  // Whom a bare machine trusts is said once.
  expect({ code, out, err: err.replace(/^note: .* is written by the signer .*\n/, '') }, `bat ${words.join(' ')}`).toEqual({ code: 0, out: '', err: '' });
}
