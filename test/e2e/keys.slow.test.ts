/** Who can read: no secret key on the machine that writes, keys that change, and the machine that has nothing but a key and a target. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { Backup, plans } from './backup.ts';
import { differences, missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync', 'grep');

describe.skipIf(missing)(`keys${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());
  const write = (path: string, text: string): void => writeFileSync(backup.at(path), text);
  const sealedTo = (recipients: readonly string[]): void => backup.setPlan({ ...plans.files, steps: ['select', 'tar', 'compress', `encrypt: { to: [${recipients.join(', ')}] }`, 'upload: { to: disk }', 'record'] });

  test('runs need no secret key; a restore without one ends with 12, and with one brings back everything from each target', async () => {
    backup = await Backup.create(plans.sealed);
    const identity = readFileSync(backup.at('key.txt'), 'utf8');
    rmSync(backup.at('key.txt'));
    write('src/a', 'A');
    await backup.run();
    write('src/b', 'B');
    await backup.run();
    const { code, err } = await backup.box.bat('restore');
    expect(code).toBe(12);
    expect(err).toMatch(/^error: .*encrypted, and no key/m);
    const secret = identity.trim().split('\n').at(-1)!;
    expect(() => execFileSync('grep', ['-rl', secret, backup.box.folder])).toThrow();
    expect(execFileSync('find', [backup.box.folder, '-name', '*.age', '-size', '0']).toString()).toBe('');
    write('key.txt', identity);
    await backup.expectRestoredFrom(backup.targets);
    write('key.txt', (await generateIdentity('x25519')).identity);
    await backup.restore(12);
  });

  test('when every recipient is replaced, everything is stored again, and the new key alone restores', async () => {
    backup = await Backup.create(plans.files);
    const [old, fresh] = [await generateIdentity('x25519'), await generateIdentity('x25519')];
    write('src/a', 'A');
    mkdirSync(backup.at('src/folder'));
    write('src/folder/b', 'B');
    sealedTo([old.recipient]);
    await backup.run();
    const before = (await backup.snapshots()).at(-1)!;
    sealedTo([fresh.recipient]);
    const { out } = await backup.run();
    expect(out).toMatch(/1 volume of earlier runs do(es)? not count any more/);
    expect(backup.volumes()).toHaveLength(2);
    write('key.txt', fresh.identity);
    await backup.expectRestored();
    await backup.expectRestoredFrom('disk');
    write('key.txt', old.identity);
    await backup.expectRestored({ words: ['--snapshot', before] });
    await backup.restore(12);
  });

  test('one recipient more: nothing is stored again, and it is said that the older key is still needed', async () => {
    backup = await Backup.create(plans.files);
    const [old, more] = [await generateIdentity('x25519'), await generateIdentity('x25519')];
    write('src/a', 'A');
    sealedTo([old.recipient]);
    await backup.run();
    sealedTo([old.recipient, more.recipient]);
    write('src/b', 'B');
    const { out } = await backup.run();
    expect(out).toMatch(/cannot be read by every recipient of the plan: keep the older keys/);
    expect(backup.volumes()).toHaveLength(2);
    write('key.txt', old.identity);
    await backup.expectRestored();
    write('key.txt', more.identity);
    const { err } = await backup.restore(1, '-s', 'src', '--to', 'partly');
    expect(err).toMatch(/a\b/);
    expect(readFileSync(backup.at('partly/b'), 'utf8')).toBe('B');
  });

  test('a passphrase is enough to restore on a bare machine; after it changed, the new one is', async () => {
    backup = await Backup.create({ steps: ['select', 'tar', 'compress', 'encrypt: { passphrase: "${BAT_PASSPHRASE}" }', 'upload: { to: disk }', 'record'], targets: ['disk'] });
    write('src/a', 'A');
    const start = (passphrase: string, words: string[]): Promise<{ code: number | null; err: string; out: string }> =>
      backup.box.start(words, { environment: { BAT_PASSPHRASE: passphrase, XDG_STATE_HOME: words[0] === 'run' ? backup.at('state') : backup.at('bare') } }).ended;
    const restored = async (passphrase: string): Promise<number | null> => {
      rmSync(backup.at('restored'), { recursive: true, force: true });
      return (await start(passphrase, ['restore', '-q'])).code;
    };
    expect(await start('correct horse', ['run', '-q'])).toEqual({ code: 0, out: '', err: '' });
    expect(await start('correct horse', ['run', '-q'])).toEqual({ code: 0, out: '', err: '' });
    expect(backup.stored('disk', 'keys/')).toHaveLength(1);
    expect(backup.volumes()).toHaveLength(1);
    expect(await restored('correct horse')).toBe(0);
    expect(differences(backup.at('src'), backup.at('restored/plan/src'))).toBe('');
    expect(await restored('another horse')).toBe(12);
    expect((await start('battery staple', ['run', '-q'])).code).toBe(0);
    expect(backup.stored('disk', 'keys/')).toHaveLength(2);
    expect(backup.volumes()).toHaveLength(2);
    expect(await restored('battery staple')).toBe(0);
    expect(differences(backup.at('src'), backup.at('restored/plan/src'))).toBe('');
    expect(() => execFileSync('grep', ['-rlE', 'correct horse|battery staple', backup.box.folder])).toThrow();
  });
});
