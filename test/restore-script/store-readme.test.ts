/** The commands of the README do what it says: they are taken out of its text and run. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { restoreScript, storeReadme } from '../../src/volume/store-readme.ts';
import { programOrNull, useSetting } from '../actions/restore-setting.ts';
import { newKey, noise, type StoreBuilder } from '../actions/store-builder.ts';

const setting = useSetting();
const missing = ['age', 'zstd', 'tar', 'bash', 'python3'].filter((name) => !programOrNull(name));
if (missing.length > 0 && process.env['BAT_NO_SKIP']) throw new Error(`these programs are needed: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`the commands of README.txt are not tested: ${missing.join(', ')} not found`);

/** The indented lines that follow the first mention of `heading`, up to the next text. */
function commandsUnder(readme: string, heading: string): string {
  const lines = readme.slice(readme.indexOf(heading)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('    '));
  const after = lines.findIndex((line, index) => index > first && line !== '' && !line.startsWith('    '));
  return lines.slice(first, after).join('\n');
}

function shell(script: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: join(setting.folder, 'store'), encoding: 'utf8' });
  return { status, stderr };
}

function readmeOf(store: StoreBuilder, singleFiles = false, passphrase = false): string {
  const readme = storeReadme({ plan: 'nas', host: 'attic', suffix: store.suffix, sealed: store.suffix.endsWith('.age'), passphrase, singleFiles });
  expect(readme).not.toMatch(/\{\{|undefined/);
  return readme;
}

function out(path: string): Buffer {
  return fs.readFileSync(join(setting.folder, 'store/out', path));
}

describe.skipIf(missing.length > 0)('README.txt', () => {
  it.each([
    ['zstd', true], ['gzip', true], ['none', true], ['zstd', false], ['gzip', false], ['none', false],
  ] as const)('gives every content by the loop over the volumes, with %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = setting.store({ codec, volumeSize: 60_000, ...(sealed ? { recipients: [key.recipient] } : {}) });
    const parts = [noise(40_000, '1'), noise(40_000, '2')];
    const first = await store.snapshot([{ path: 'a', content: 'old' }, { path: 'parts', content: parts }]);
    await store.snapshot([{ path: 'a', content: 'new' }, { path: 'renamed', content: noise(40_000, '1') }], { run: '20260102-000000-aaaa', base: first });
    fs.writeFileSync(join(store.folder, 'key.txt'), `${key.identity}\n`);
    const readme = readmeOf(store);
    expect(shell(commandsUnder(readme, 'with tar alone'))).toEqual({ status: 0, stderr: '' });
    expect(out('docs/a').toString()).toBe('new');
    expect(shell(`cd out/docs; ${commandsUnder(readme, 'joined by').replaceAll('NAME', 'parts')}`)).toEqual({ status: 0, stderr: '' });
    expect(out('docs/parts').equals(Buffer.concat(parts))).toBe(true);
    fs.writeFileSync(join(setting.folder, 'store/out/docs/NAME'), Buffer.alloc(20_000_000));
    fs.writeFileSync(join(setting.folder, 'store/out/docs/NAME.bat-0000000016777216'), 'laid over');
    expect(shell(`cd out/docs; ${commandsUnder(readme, 'laid over')}`).status).toBe(0);
    expect(out('docs/NAME').subarray(16_777_216 - 1, 16_777_216 + 10).toString()).toBe('\0laid over\0');
    expect(out('docs/NAME')).toHaveLength(20_000_000);
  });

  it.each([['zstd', true], ['gzip', false], ['none', false]] as const)('gives every content by the loop over single files, with %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = setting.store({ codec, tar: false, ...(sealed ? { recipients: [key.recipient] } : {}) });
    await store.snapshot([{ path: 'a', content: 'A' }, { path: 'b/c', content: 'C' }]);
    fs.writeFileSync(join(store.folder, 'key.txt'), `${key.identity}\n`);
    expect(shell(commandsUnder(readmeOf(store, true), 'All objects'))).toEqual({ status: 0, stderr: '' });
    expect([out('docs/a').toString(), out('docs/b/c').toString()]).toEqual(['A', 'C']);
    expect(fs.readdirSync(join(store.folder, 'out'))).toEqual(['docs']);
  });

  it('joins what lies in parts, by the lists and whatever the parts are called; so does restore.py', async () => {
    const store = setting.store({ codec: 'zstd' });
    const snapshot = await store.snapshot([{ path: 'a', content: noise(50_000, '1') }]);
    const objects = fs.readdirSync(store.folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes(snapshot) || name.includes('.tar.'));
    expect(objects).toHaveLength(2);
    for (const [index, name] of objects.entries()) {
      const file = join(store.folder, name);
      const bytes = fs.readFileSync(file);
      const parts = [bytes.subarray(0, 90), bytes.subarray(90)].map((part, number) => ({ name: `${basename(name)}${index === 0 ? '' : '.again-abc123'}.00${number}`, size: part.length, part }));
      for (const { name, part } of parts) fs.writeFileSync(join(dirname(file), name), part);
      fs.writeFileSync(`${file}.parts.json`, JSON.stringify({ object: basename(name), size: bytes.length, parts: parts.map(({ name, size }) => ({ name, size, md5: '' })) }, null, 1));
      fs.rmSync(file);
    }
    fs.writeFileSync(join(store.folder, 'volumes/left-over.tar.zst.000'), 'of an upload that came to nothing');
    fs.writeFileSync(join(store.folder, 'restore.py'), await restoreScript());
    expect(shell('python3 restore.py --to restored')).toMatchObject({ status: 0 });
    expect(fs.readFileSync(join(store.folder, 'restored/docs/a')).equals(noise(50_000, '1'))).toBe(true);
    const readme = readmeOf(store);
    expect(shell(`${commandsUnder(readme, 'If names end in .000')}\n${commandsUnder(readme, 'with tar alone')}`)).toEqual({ status: 0, stderr: '' });
    expect(out('docs/a').equals(noise(50_000, '1'))).toBe(true);
  });

  it('has the commands of restore.py that work beside it', async () => {
    const key = await newKey();
    const store = setting.store({ recipients: [key.recipient] });
    await store.snapshot([{ path: 'a', content: 'A' }]);
    fs.writeFileSync(join(store.folder, 'key.txt'), `${key.identity}\n`);
    fs.writeFileSync(join(store.folder, 'restore.py'), await restoreScript());
    const lines = commandsUnder(readmeOf(store), 'The exact tree').split('\n').filter((line) => line.trim() !== '');
    expect(shell(lines.slice(0, 2).join('\n'))).toEqual({ status: 0, stderr: '' });
    expect(fs.readFileSync(join(store.folder, 'restored/docs/a'), 'utf8')).toBe('A');
  });

  it('says how the key is opened where there is a passphrase, and nothing of keys where nothing is sealed', () => {
    const options = { plan: 'nas', host: 'attic', suffix: '.zst.age', sealed: true, passphrase: true, singleFiles: false };
    expect(storeReadme(options)).toContain('age -d "$k"');
    expect(storeReadme(options)).not.toContain('--identity');
    expect(storeReadme({ ...options, suffix: '.zst', sealed: false, passphrase: false })).not.toMatch(/key|passphrase|encrypted/);
  });
});
