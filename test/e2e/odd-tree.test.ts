/** Everything that a file system allows, there and back, by every kind of plan: with bat, with restore.py, and by hand. */
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { differences, missingPrograms, shell } from './judges.ts';
import { makeOddTree } from './odd-tree.ts';

const missing = missingPrograms('rsync', 'age', 'zstd', 'bsdtar', 'python3');

/** The names of the files below a folder that have any content, by its SHA-256. */
function contents(folder: string): Map<string, string> {
  const text = shell(`find . -type f -size +0c -print0 | sort -z | xargs -0 sha256sum --zero | tr '\\0\\n' '\\n '`, { folder });
  return new Map(text.split('\n').flatMap((line) => (line ? [[line.slice(0, 64), line.slice(66)]] : [])));
}

/** The commands that stand below a heading of a README. */
function commandsUnder(readme: string, heading: string): string {
  const [, below = ''] = readme.split(heading);
  return below.split('\n').slice(2).join('\n').split('\n\n')[0]!;
}

describe.skipIf(missing)(`an odd tree${missing ? ` (skipped: ${missing})` : ''}`, () => {
  describe.each(['lanes', 'files'] as const)('plan %s', (kind) => {
    let backup: Backup;
    beforeAll(async () => {
      backup = await Backup.create(plans[kind]);
      makeOddTree(backup.at('src'));
      expect((await backup.run()).err).toBe('');
    });
    afterAll(() => backup.remove());

    test('comes back as it was, from each target alone', async () => {
      await backup.expectRestoredFrom(backup.targets);
      expect(statSync(backup.at('restored from/disk/sparse')).blocks * 512).toBeLessThan(4 * 2 ** 20);
      expect(statSync(backup.at('restored from/disk/only a hole')).blocks).toBe(0);
    });

    test('a second run finds no file changed, and stores nothing but a manifest', async () => {
      const before = backup.targets.map((target) => backup.stored(target));
      const { out } = await backup.run();
      expect(out).toContain('no file changed · read 0 B');
      for (const [index, target] of backup.targets.entries()) {
        const added = backup.stored(target).filter((name) => !before[index]!.includes(name));
        expect(added).toEqual([expect.stringMatching(/^manifests\//)]);
        expect(statSync(backup.at(target, 'plan', added[0]!)).size).toBeLessThan(1500);
      }
      backup.expectNothingUnknown();
    });

    test('restore.py gives the same tree', () => {
      for (const target of kind === 'lanes' ? ['disk', 'far'] : ['disk']) {
        rmSync(backup.at('by-script'), { recursive: true, force: true });
        const key = target === 'disk' && kind === 'lanes' ? '' : '--identity ../../key.txt ';
        const said = shell(`python3 restore.py ${key}--to ../../by-script 2>&1`, { folder: backup.at(target, 'plan') });
        expect(differences(backup.at('src'), backup.at('by-script/src'), { nanoseconds: true }), said).toBe('');
      }
    });

    test('a dump of it, unpacked by tar or bsdtar, is the same tree', async () => {
      const from = kind === 'lanes' ? 'far' : 'disk';
      shell(`"$NODE" "$BAT" dump src -i key.txt --from ${from} > dump.tar`, { folder: backup.box.folder, environment: backup.box.around });
      // Times long ago and far ahead are what GNU tar would speak of.
      const programs = ['tar --warning=no-timestamp', ...(kind === 'lanes' ? ['bsdtar'] : [])];
      for (const program of programs) {
        rmSync(backup.at('unpacked'), { recursive: true, force: true });
        mkdirSync(backup.at('unpacked'));
        shell(`${program} -xpf dump.tar -C unpacked --numeric-owner`, { folder: backup.box.folder });
        expect(differences(backup.at('src'), backup.at('unpacked/src')), program).toBe('');
      }
    });

    test('the commands of the README give every distinct content under a name it had', () => {
      const target = kind === 'lanes' ? 'far' : 'disk';
      const folder = backup.at(target, 'plan');
      shell('cp key.txt "$FOLDER/key.txt"', { folder: backup.box.folder, environment: { FOLDER: folder } });
      try {
        const readme = readFileSync(`${folder}/README.txt`, 'utf8');
        shell(commandsUnder(readme, kind === 'lanes' ? 'with tar alone' : 'All objects, without restore.py'), { folder });
        if (kind === 'lanes') shell('for n in 20971520 41943040; do cat $n.bat-* > $n; done', { folder: `${folder}/out/src/sizes` });
        const unpacked = contents(`${folder}/out`);
        const missed = [...contents(backup.at('src'))].flatMap(([hash, name]) => (unpacked.has(hash) ? [] : [name]));
        // It begins like another file of zeros, so only what it has more than that one is there: the README says so.
        expect(missed).toEqual(kind === 'lanes' ? ['./sizes/zeros'] : []);
      } finally {
        rmSync(`${folder}/out`, { recursive: true, force: true });
        rmSync(`${folder}/key.txt`);
      }
    });

    if (kind !== 'files') test('tar, bsdtar and zstd find every volume sound, without a word', () => {
      for (const name of backup.volumes('far')) {
        const command = 'age -d -i key.txt "$VOLUME" > volume.zst; zstd -qt volume.zst; zstd -dc volume.zst > volume.tar; tar -tf volume.tar > /dev/null; bsdtar -tf volume.tar > /dev/null';
        shell(command, { folder: backup.box.folder, environment: { VOLUME: backup.at('far/plan', name) } });
      }
    });
  });
});
