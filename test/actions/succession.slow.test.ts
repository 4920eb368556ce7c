/** A catalog that takes the place of another one's, after that was lost or beside it: what readers make of it, and what a forger can make of that. */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { run } from '../../src/actions/run.ts';
import { Trust } from '../../src/actions/store/trust.ts';
import { sync, type SyncOptions, type SyncReport } from '../../src/actions/sync.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { decodeMarker, encodeMarker } from '../../src/volume/marker.ts';
import { newSigningKey, openSigner, type Signer } from '../../src/volume/signing.ts';
import { decodeSignedList, signedListName, type SignedList } from '../../src/volume/signed-list.ts';
import { encodeSignedList } from '../../src/volume/signed-list-writing.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

const targets = ['one', 'two'] as const;
/** What a test begins with, as it was made once. */
const parts = [...targets, 'state', 'docs'];
const fixed = new Set(['before', 'bat.yaml', 'music']);
let backup: SmallBackup;
let content: string;
let count = 0;
beforeAll(async () => {
  backup = await smallBackup('', 'retention: { last: 2 }');
  for (let time = 0; time < 3; time++) await change();
  for (const name of parts) cpSync(at(name), at('before', name), { recursive: true });
});
beforeEach(() => {
  for (const name of readdirSync(backup.folder)) if (!fixed.has(name)) rmSync(at(name), { recursive: true });
  for (const name of parts) cpSync(at('before', name), at(name), { recursive: true });
  content = `version ${(count = 3)}`;
});
afterAll(() => backup.remove());

const at = (...names: string[]): string => join(backup.folder, ...names);
const said = (): string => backup.events.flatMap((event) => (event.type === 'issue' ? [`${event.issue.kind}: ${event.issue.message}`] : event.type === 'prune-failed' ? [`${event.code}: ${event.message}`] : [])).join('\n');
const lose = (state = 'state'): void => rmSync(at(state), { recursive: true });
const keyOf = (state: string): Signer => openSigner(readFileSync(at(state, 'signing-key.pem'), 'utf8'))!;
const listFile = (target: string, signer: string): string => at(target, 'small', signedListName(signer));
const listOf = (target: string, signer: string): SignedList => decodeSignedList(readFileSync(listFile(target, signer)), '')!.list;
const manifests = (target: string): string[] => readdirSync(at(target, 'small/manifests')).sort();

/** A changed file, and a run of the machine whose state this is: its exit code. */
async function change(state = 'state', prune = true): Promise<number> {
  backup.write({ 'docs/a.txt': (content = `version ${++count}`) });
  backup.events.length = 0;
  return (await run({ ...backup.around, plan: { ...backup.plan, state: at(state) }, sources: [], prune, newTargets: [], allowEmpty: false, view: 'none' })).exitCode;
}

function synced(options: Partial<SyncOptions> = {}, state = 'state'): Promise<SyncReport> {
  return sync({
    ...backup.around, plan: { ...backup.plan, state: at(state) }, keys: async () => ({ identities: [] }), adopt: false, removeOrphans: false, retired: [], accept: false, dryRun: false,
    onProgress: () => {}, ...options,
  });
}

/** What a reader gets from each target: the newest content, or the code of the error. */
async function read(reader: string, { accept = false, signers = [], snapshot = 'latest' }: { accept?: boolean; signers?: string[]; snapshot?: string } = {}): Promise<string[]> {
  backup.events.length = 0;
  const plan: Plan = { ...backup.plan, state: at(reader), signers };
  const { emit, signal, environment } = backup.around;
  const found: string[] = [];
  for (const only of targets) {
    const opened = await createTargets({ plan, only, environment, emit });
    try {
      await restore({
        plan: plan.name, targets: opened, snapshot, sources: ['docs'], destination: { kind: 'folder', path: at('out'), perSource: true }, overwrite: 'always', dryRun: false,
        keys: { identities: [] }, thaw: { days: 7, pause: null, now: () => new Date(), choose: () => Promise.reject(new Error('nothing is cold here')) },
        trust: new Trust({ plan, environment, accept, emit }), emit, signal,
      });
      found.push(readFileSync(at('out/docs/a.txt'), 'utf8'));
    } catch (error) {
      found.push((error as { code: string }).code);
    } finally {
      await closeTargets(opened);
    }
  }
  return found;
}

const sound = (): string[] => [content, content];

/** The state is lost and made anew, and the new catalog removes what the old one's list still names. */
async function lostAndFound(): Promise<void> {
  lose();
  expect((await synced()).exitCode).toBe(0);
  for (let time = 0; time < 2; time++) expect(await change(), said()).toBe(0);
}

describe('after the state was lost', () => {
  test('the first run that follows a sync removes what is old, and nobody takes the new list for a store that was cut off', async () => {
    await lostAndFound();
    for (const target of targets) expect(manifests(target)).toHaveLength(4);
    expect(await read('state')).toEqual(sound());
    expect(await read('bare')).toEqual(sound());
    expect(said()).toMatch(/written by the signer [0-9a-f]{16}, who took the place of [0-9a-f]{16} and is trusted from now on/);
    expect(await read('bare')).toEqual(sound());
    expect(said()).toBe('');
  });

  test('the same again: the third speaks for the first, too', async () => {
    await lostAndFound();
    await lostAndFound();
    for (const reader of ['state', 'bare']) expect(await read(reader)).toEqual(sound());
    expect(readdirSync(at('one/small/signed'))).toHaveLength(3);
    expect(listOf('one', keyOf('state').publicKey).succeeds).toHaveLength(2);
  });

  test('one who knew the old signer is told of the new one, and accepts it once and for all', async () => {
    expect(await read('friend')).toEqual(sound());
    await lostAndFound();
    expect(await read('friend')).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
    expect(await read('friend', { accept: true })).toEqual(sound());
    expect(said()).toMatch(/doubtful: 4 manifests .*are gone.*The signer [0-9a-f]{16}, who is not known here, says that it has taken this store over/);
    expect(await read('friend')).toEqual(sound());
    expect(said()).toBe('');
  });

  test('one whose plan names the new signer trusts what that one took over, and nothing else of the old one', async () => {
    lose();
    await synced();
    await change('state', false);
    const signers = [keyOf('state').publicKey];
    const taken = manifests('one').filter((name) => name.includes('docs')).at(-2)!;
    const snapshot = taken.slice(0, 20);
    expect(await read('planned', { signers, snapshot })).toEqual(['version 3', 'version 3']);
    const list = listOf('one', signers[0]!);
    const unnamed = { ...list, serial: list.serial + 1, manifests: list.manifests.filter(({ name }) => !name.endsWith(taken)) };
    writeFileSync(listFile('one', signers[0]!), encodeSignedList(unnamed, keyOf('state')));
    expect((await read('planned', { signers, snapshot }))[0]).toBe('MANIFEST_FORGED');
  });

  test('without the catalog only, the key stays, and so does what it has said of others', async () => {
    await lostAndFound();
    for (const file of readdirSync(at('state'))) if (file.startsWith('catalog.db')) rmSync(at('state', file));
    await synced();
    expect(await change(), said()).toBe(0);
    expect(listOf('one', keyOf('state').publicKey).succeeds).toHaveLength(1);
    for (const reader of ['state', 'bare']) expect(await read(reader)).toEqual(sound());
  });

  test('a key that was lost alone is succeeded without a sync', async () => {
    rmSync(at('state/signing-key.pem'));
    for (let time = 0; time < 2; time++) expect(await change()).toBe(0);
    for (const reader of ['state', 'bare']) expect(await read(reader)).toEqual(sound());
  });

  test('a sync does not speak for what it could not read', async () => {
    const [first = ''] = manifests('one');
    const old = keyOf('state').publicKey;
    for (const target of targets) writeFileSync(at(target, 'small/manifests', first), 'no manifest');
    lose();
    expect((await synced()).exitCode).toBe(1);
    expect(await change()).toBe(4);
    expect(listOf('one', keyOf('state').publicKey).succeeds.filter(({ signer }) => signer === old)).toEqual([]);
    for (const target of targets) rmSync(at(target, 'small/manifests', first));
    expect(await read('bare')).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
  });

  test('what was cut off before is said by the sync; accepted there, it is settled for everybody', async () => {
    const gone = manifests('one').at(-1)!;
    for (const target of targets) rmSync(at(target, 'small/manifests', gone));
    lose();
    await expect(synced()).rejects.toMatchObject({ code: 'MANIFEST_CUT_OFF' });
    expect((await synced({ accept: true })).exitCode).toBe(0);
    expect(await change(), said()).toBe(0);
    for (const reader of ['state', 'bare']) expect(await read(reader)).toEqual(sound());
  });
});

describe('two that live side by side', () => {
  test('the old machine comes back: both count, which is said, until one adopts what the other has', async () => {
    cpSync(at('state'), at('old'), { recursive: true });
    await lostAndFound();
    expect(await change('old')).toBe(4);
    expect(said()).toContain('STORE_SHARED');
    expect(await change()).toBe(4);
    expect(said()).toMatch(/note: the signer [0-9a-f]{16}, whose snapshots this catalog had taken in, has stored others here since/);
    expect(await read('state')).toEqual(sound());
    // The old one's list counts again.
    const others = listOf('one', keyOf('old').publicKey).manifests.map(({ name }) => name);
    renameSync(at('one/small', others.at(-1)!), at('kept'));
    expect((await read('state'))[0]).toBe('MANIFEST_CUT_OFF');
    renameSync(at('kept'), at('one/small', others.at(-1)!));
    expect((await synced({ adopt: true })).exitCode).toBe(0);
    expect(await change(), said()).toBe(0);
    for (const reader of ['state', 'bare']) expect(await read(reader)).toEqual(sound());
  });

  test('a second machine adopts, and prunes; the first one does the same after it', async () => {
    await change('second');
    expect((await synced({ adopt: true }, 'second')).exitCode).toBe(0);
    for (let time = 0; time < 2; time++) expect(await change('second'), said()).toBe(0);
    for (const reader of ['second', 'bare']) expect(await read(reader)).toEqual(sound());
    expect((await synced({ adopt: true, accept: true })).exitCode).toBe(0);
    for (let time = 0; time < 2; time++) expect(await change(), said()).toBe(0);
    for (const reader of ['state', 'second', 'bare']) expect(await read(reader), reader).toEqual(sound());
  });

  test('a run of another machine that has not come to its end keeps everything', async () => {
    await change('second');
    for (const target of targets) {
      const file = at(target, 'small/bat.json');
      const marker = decodeMarker(readFileSync(file), file);
      writeFileSync(file, encodeMarker({ ...marker, lastRun: '29991231-235959-aaaa', writers: [...marker.writers, { id: 'other', host: 'other', since: '', lastRun: '29991231-235959-aaaa' }] }));
    }
    await synced({ adopt: true }, 'second');
    expect(await change('second')).toBe(4);
    expect(said()).toContain('STORE_SHARED');
  });
});

describe('a forger', () => {
  const evil = openSigner(newSigningKey())!;

  /** A list by which he claims to succeed everybody. */
  function claim(target: string, by: Signer = evil): void {
    const lists = readdirSync(at(target, 'small/signed')).map((name) => decodeSignedList(readFileSync(at(target, 'small/signed', name)), '')!.list);
    const succeeds = lists.map(({ signer }) => ({ signer, serial: Number.MAX_SAFE_INTEGER }));
    writeFileSync(listFile(target, by.publicKey), encodeSignedList({ ...lists[0]!, succeeds, serial: 1e15, manifests: [] }, by));
  }

  test('who says that he is the successor hides nothing that he removed', async () => {
    await read('friend');
    const own = keyOf('state').publicKey;
    for (const target of targets) {
      claim(target);
      rmSync(at(target, 'small/manifests', manifests(target).at(-1)!));
    }
    for (const reader of ['friend', 'state']) expect(await read(reader)).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
    expect(await read('planned', { signers: [own] })).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
    for (const target of targets) rmSync(listFile(target, own));
    expect(await read('friend')).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
  });

  test('who changes what a successor says, or puts back an older list of it, is found out', async () => {
    lose();
    await synced();
    await change();
    const own = keyOf('state').publicKey;
    const before = readFileSync(listFile('one', own));
    await change();
    await read('friend');
    writeFileSync(listFile('one', own), before);
    expect((await read('friend'))[0]).toBe('MANIFEST_ROLLED_BACK');
    writeFileSync(listFile('one', own), before.toString().replace(/"succeeds":\[.*?\],/, '"succeeds":[],'));
    expect((await read('friend'))[0]).toBe('MANIFEST_FORGED');
    rmSync(listFile('one', own));
    expect((await read('friend'))[0]).toBe('MANIFEST_CUT_OFF');
  });

  test('who takes away what the successor has, or the old list with it, is found out', async () => {
    await lostAndFound();
    await read('friend');
    for (const name of readdirSync(at('one/small/signed'))) if (name !== signedListName(keyOf('state').publicKey).slice(7)) rmSync(at('one/small/signed', name));
    expect(await read('friend'), 'the old list is of no use any more').toEqual(sound());
    rmSync(at('one/small/manifests', manifests('one').at(-1)!));
    for (const reader of ['friend', 'bare', 'state']) expect((await read(reader))[0]).toBe('MANIFEST_CUT_OFF');
  });

  test('does not make a catalog speak for a list that names what he took away, nor for his own', async () => {
    const old = keyOf('state').publicKey;
    for (const target of targets) claim(target);
    await change('second');
    for (const target of targets) rmSync(at(target, 'small/manifests', manifests(target)[0]!));
    await change('second');
    expect(listOf('one', keyOf('second').publicKey).succeeds.map(({ signer }) => signer)).not.toContain(old);
    expect(await read('planned', { signers: [old, keyOf('second').publicKey] })).toEqual(['MANIFEST_CUT_OFF', 'MANIFEST_CUT_OFF']);
    expect(await change(), said()).toBe(4);
    expect(listOf('one', old).succeeds).toEqual([]);
  });
});
