/** A laptop whose token may only add: it backs up night after night, whatever its plan says of old snapshots; and it can neither read nor erase what it stored. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server/start-server.ts';
import { Backup } from './backup.ts';
import { noise } from './noise.ts';

let server: TestServer;
let backup: Backup;

const stored = (folder: string): string[] => readdirSync(join(server.stores, 'plan', folder)).sort();
const useToken = (user: string): void => backup.box.write({ '.env': `TOKEN=${server.tokens[user]}\n` });

beforeAll(async () => {
  server = await startServer({ users: { laptop: { rights: ['add'], library: [], stores: ['plan'] }, anna: { rights: ['read', 'add', 'delete'] } } });
  backup = await Backup.create({
    steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [home, disk] }', 'record'],
    targets: ['disk'],
    more: { home: `{ type: http, url: "${server.url}", token: "\${TOKEN}" }\nretry: { attempts: 2, wait: 10ms }\nretention: { last: 2, keep-tags: [release] }` },
  });
  useToken('laptop');
});
afterAll(async () => {
  backup?.box.remove();
  await server?.close();
});

test('runs again and again, forgets snapshots elsewhere, and says once a run what stays', async () => {
  for (const night of [1, 2, 3, 4]) {
    // Most of what the night before stored is gone, so that its volumes are worth compacting.
    rmSync(backup.at(`src/night-${night - 1}`), { force: true });
    writeFileSync(backup.at(`src/night-${night}`), noise(300_000, night));
    writeFileSync(backup.at('src/stays'), noise(20_000, 99));
    const { err, out } = await backup.run();
    const notes = (out + err).split('\n').filter((line) => line.includes('its token may only add'));
    expect(notes.length, out + err).toBe(night > 2 ? 1 : 0);
  }
  expect(stored('manifests')).toHaveLength(4);
  expect(stored('volumes').length).toBeGreaterThanOrEqual(4);
  expect(readdirSync(backup.at('disk/plan/manifests'))).toHaveLength(2);
  expect(stored('.bat-kept/bat.json')).toHaveLength(3);
  expect(readdirSync(join(server.stores, 'plan/.bat-kept/signed'))).toHaveLength(1);
});

test('says what it may not do when it is asked for, and fails then alone', async () => {
  const before = [...stored('manifests'), ...stored('volumes')];
  const pruned = await backup.box.bat('prune', '--yes');
  expect(pruned.code, pruned.err + pruned.out).toBe(4);
  expect(pruned.err + pruned.out).toContain('Nothing is removed from target "home": its token may only add. What is to go stays there, until a token with the right `delete` prunes it.');
  expect(pruned.out).toContain('Nothing is removed: home lets go of nothing with this token.');
  expect(pruned.err + pruned.out).not.toContain('goes with the next');
  const drilled = await backup.box.bat('drill', '-i', 'key.txt', '--from', 'home');
  expect(drilled.code).toBe(1);
  expect(drilled.err).toContain('laptop may not read here');
  expect(drilled.err + drilled.out).not.toContain('did not come back');
  const tagged = await backup.box.bat('snapshots', 'tag', 'latest', '--tag', 'release');
  expect(tagged.code, tagged.err + tagged.out).toBe(0);
  expect(tagged.err + tagged.out).toContain('tags and protection of 1 snapshot stay there as they were');
  const restored = await backup.box.bat('restore', '-i', 'key.txt', '--from', 'home', '--to', backup.at('stolen'));
  expect(restored.code).toBe(1);
  expect(restored.err).toContain('laptop may not read here');
  expect([...stored('manifests'), ...stored('volumes')]).toEqual(before);
  await backup.run();
});

test('is restored by somebody who may read, and pruned by somebody who may remove', async () => {
  useToken('anna');
  await backup.expectRestoredFrom('home');
  const pruned = await backup.box.bat('prune', '--yes');
  expect(pruned.code, pruned.err + pruned.out).toBe(0);
  expect(stored('manifests').length).toBeLessThanOrEqual(3);
  await backup.expectRestoredFrom(['home', 'disk']);
});
