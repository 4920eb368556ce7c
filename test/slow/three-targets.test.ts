/** A disk, an account at Cloudinary and a bucket of DEEP_ARCHIVE: one read fills them all, and each alone gives all of it back. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { copyTree, filesBelow, missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { readByRun, readOnce } from '../e2e/opened.ts';
import { serverName, ThreePlaces, threePlans } from '../e2e/three-places.ts';

const missing = missingPrograms('strace', 'rsync');
const targets = ['usb', 'cloud', 'glacier'] as const;
const mebibyte = 2 ** 20;
/** As bytes, one a character. */
const refused = [
  ' at the start', 'at the end ', 'folder /inside', 'what?', 'number #1', 'a&b', '100 %', 'a+b', '<angles>', 'back\\slash', 'new\nline',
  'v123/in a version', 'v123/plain', 'ends.', 'part.000', 'list.parts.json', `${'a'.repeat(99)}/${'b'.repeat(99)}/${'c'.repeat(99)}.txt`, `${'d'.repeat(250)}.jpg`,
  'not utf-8 \xff\xfe', 'half a letter \xc3', '\xc3\xa9t\xc3\xa9.jpg',
];
const endings = ['setup.exe', 'run.ps1', 'firmware.bin', 'start.cmd', 'all.zip', 'all.tgz', 'page.pdf'];
const taken = [...endings, 'plain.txt', 'photos/2024/a.jpg', '.hidden', 'bat-uploads/note'];
let places: ThreePlaces;

function write(files: Record<string, string | Uint8Array>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const path = Buffer.concat([Buffer.from(`${places.backup.at('src')}/`), Buffer.from(name, 'latin1')]);
    mkdirSync(Buffer.from(dirname(path.toString('latin1')), 'latin1'), { recursive: true });
    writeFileSync(path, bytes);
  }
}

/** A copy of the source as it is now. */
function keepAs(name: string): string {
  mkdirSync(places.backup.at(name));
  copyTree(places.backup.at('src'), places.backup.at(name));
  return name;
}

describe.skipIf(missing)(`three targets, the cold one on ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => places.remove());

  test('volumes: read once, the changes once, and restored from each alone', { timeout: 180_000 }, async () => {
    places = await ThreePlaces.create(threePlans.volumes);
    const { backup, gate } = places;
    const film = noise(15 * mebibyte, 1);
    for (let index = 0; index < 30; index++) write({ [`letters/${index}`]: `Dear number ${index}` });
    write({ 'letters/again': 'Dear number 7', empty: '', film, 'film again': film, longer: Buffer.concat([film, noise(9 * mebibyte, 2)]) });

    expect(await readByRun(backup)).toEqual(readOnce(backup, filesBelow(backup.at('src'))));
    const plain = backup.volumes('usb');
    const sealed = plain.map((name) => `${name}.age`);
    expect(plain.length).toBeGreaterThan(1);
    expect(plain.every((name) => name.endsWith('.tar.zst'))).toBe(true);
    expect(await places.inBucket('volumes/')).toEqual(sealed);
    expect(new Set(places.inAccount('volumes/').map((id) => id.replace(/\.(\d{3}|parts\.json)$/, '')))).toEqual(new Set(sealed));
    expect(places.inAccount('volumes/').length, 'in parts').toBeGreaterThan(2 * sealed.length);
    for (const name of await places.inBucket()) expect(await places.storageClassOf(name), name).toBe(name.startsWith('volumes/') ? 'DEEP_ARCHIVE' : 'STANDARD');
    await places.expectRestoredFrom(targets);
    const asked = gate.restores.length;
    expect(asked).toBe(sealed.length);

    expect(await readByRun(backup), 'nothing has changed').toEqual({});
    expect(backup.volumes('usb')).toEqual(plain);

    const before = { like: keepAs('before'), words: ['--snapshot', (await backup.snapshots()).at(-1)!] };
    const changed = { 'letters/3': 'Dear friend', 'letters/new': 'Dear new one', longer: Buffer.concat([film.subarray(0, 5_000_000), Buffer.from('put in'), film.subarray(5_000_000), noise(9 * mebibyte, 2)]) };
    write(changed);
    rmSync(backup.at('src/letters/5'));
    expect(await readByRun(backup)).toEqual(readOnce(backup, Object.keys(changed)));
    places.letThawsExpire();
    await places.expectRestoredFrom(targets);
    await places.expectRestoredFrom(['usb', 'cloud'], before);
  });

  test('volumes: one that is gone from the bucket is seen in its listing, and stored again without a read of the source', async () => {
    places = await ThreePlaces.create(threePlans.volumes);
    const { backup, gate } = places;
    write({ film: noise(15 * mebibyte, 1), letter: 'Dear Ada' });
    await backup.run();
    const [gone] = await places.inBucket('volumes/');
    await places.removeFromBucket(gone!);
    expect(await readByRun(backup)).toEqual({});
    expect(await places.inBucket('volumes/')).toEqual([gone]);
    expect(await places.storageClassOf(gone!)).toBe('DEEP_ARCHIVE');
    expect(gate.restores, 'nothing was thawed for it').toEqual([]);
    await places.expectRestoredFrom(['glacier']);
  });

  test('files as objects: names that Cloudinary refuses, and those that no text has, on all three', { timeout: 180_000 }, async () => {
    places = await ThreePlaces.create(threePlans.files);
    const { backup } = places;
    for (const [index, name] of [...refused, ...taken].entries()) write({ [name]: `content ${index}` });
    write({ empty: '', 'taken twice': 'content 0', 'large.bin': noise(12 * mebibyte, 3) });
    await backup.run();

    const objects = await places.inBucket();
    expect(objects).toEqual(expect.arrayContaining(taken.map((name) => `src/${name}.zst.age`)));
    expect(places.inAccount()).toEqual(expect.arrayContaining(taken.map((name) => `src/${name}.zst.age`)));
    await places.expectRestoredFrom(targets);

    expect((await backup.run()).out).toContain('no file changed · read 0 B');
    const before = { like: keepAs('before'), words: ['--snapshot', (await backup.snapshots()).at(-1)!] };
    write({ 'setup.exe': 'another version', 'plain.txt': 'another text', 'new?': 'a new one', 'not utf-8 \xff\xfe': 'changed' });
    rmSync(backup.at('src/what?'));
    await backup.run();
    places.letThawsExpire();
    await places.expectRestoredFrom(targets);
    await places.expectRestoredFrom(['usb', 'cloud'], before);

    const gone = 'src/photos/2024/a.jpg.zst.age';
    await places.removeFromBucket(gone);
    const { err } = await backup.run();
    expect(err).toContain('warning: glacier: gone, or of another size: 1 object that bat stored here; what is needed of them is stored again');
    expect(await places.inBucket('src/photos/2024/')).toEqual([gone]);
    places.letThawsExpire();
    await places.expectRestoredFrom(['glacier']);
  });

  test('files as they are, to the clouds alone: what one of them refuses has a name of the content on both, and no program ends as one', async () => {
    places = await ThreePlaces.create(threePlans.bareFiles);
    const { backup } = places;
    for (const [index, name] of [...refused, ...taken].entries()) write({ [name]: `content ${index}` });
    await backup.run();
    const objects = (await places.inBucket()).filter((name) => /^(src|files)\//.test(name));
    expect(objects).toEqual(expect.arrayContaining(taken.map((name) => `src/${name}`)));
    expect(objects).toHaveLength(refused.length + taken.length);
    for (const name of objects) expect(name).toMatch(/^[\w./-]{1,230}$/);
    expect(places.inAccount('src/')).toEqual(expect.arrayContaining(endings.map((name) => `src/${name}.000`)));
    await places.expectRestoredFrom(['cloud', 'glacier']);
    expect((await backup.run()).out).toContain('no file changed · read 0 B');
  });

  test('files as they are: an account that was away gets all of it without a read of the source', async () => {
    places = await ThreePlaces.create(threePlans.bareFiles);
    const { backup, cloudinary } = places;
    for (const [index, name] of [...refused, ...taken].entries()) write({ [name]: `content ${index}` });
    cloudinary.settings.before = () => 'drop';
    expect(Object.values(await readByRun(backup, 4)).filter(({ opened }) => opened === 1)).toHaveLength(refused.length + taken.length);
    expect(cloudinary.everything()).toEqual([]);
    cloudinary.settings.before = () => {};
    expect(await readByRun(backup)).toEqual({});
    await places.expectRestoredFrom(['cloud']);
  });

  test('files as they are: an account that comes to a bucket gets all of it, whatever the names are there', async () => {
    places = await ThreePlaces.create(threePlans.bareFilesInBucket);
    const { backup } = places;
    for (const [index, name] of [...refused, ...taken].entries()) write({ [name]: `content ${index}` });
    await backup.run();
    const before = { like: keepAs('before'), words: ['--snapshot', (await backup.snapshots()).at(-1)!] };
    expect(await places.inBucket('src/')).toEqual(expect.arrayContaining(['src/what?', 'src/at the end ', 'src/v123/plain']));
    places.setPlan(threePlans.bareFiles);
    const read = Object.keys(await readByRun(backup));
    expect(read).toContain('what?');
    expect(read.filter((name) => taken.includes(name)), 'copied from the bucket').toEqual([]);
    await places.expectRestoredFrom(['glacier'], before);
    await places.expectRestoredFrom(['cloud', 'glacier']);
    expect((await backup.run()).out).toContain('no file changed · read 0 B');
  });
});
