/** What a verify finds, what it says of the files, and what is mended. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { parseAmount, verify, type Finding, type LostFile, type VerifyEvent, type VerifyOptions, type VerifyReport } from '../../src/actions/verify.ts';
import { StoredBytes } from '../../src/actions/verify/stored-bytes.ts';
import type { BatEvent } from '../../src/core/events.ts';
import type { Plan, TargetSpec } from '../../src/plan/plan.ts';
import type { Target } from '../../src/targets/target.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { differences } from '../e2e/judges.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
afterEach(() => backup?.remove());

interface Verified extends VerifyReport {
  findings: Finding[];
  lost: LostFile[];
  events: VerifyEvent[];
}

const everything = { kind: 'everything' } as const;

async function look(options: Partial<VerifyOptions> = {}): Promise<Verified> {
  const events: VerifyEvent[] = [];
  const tell = (event: VerifyEvent): void => {
    events.push(event);
    options.tell?.(event);
  };
  const report = await verify({ ...backup.around, targets: [], sources: [], amount: { kind: 'nothing' }, keys: null, repair: false, ...options, tell });
  const findings = events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
  return { ...report, findings, lost: events.flatMap((event) => (event.type === 'file' ? [event.file] : [])), events };
}

const at = (...path: string[]): string => join(backup.folder, ...path);
const stored = (target: string, folder: string): string[] => readdirSync(at(target, 'small', folder)).sort().map((name) => `${folder}/${name}`);
const file = (target: string, name: string): string => at(target, 'small', name);
const said = ({ findings }: Verified): string[] => findings.map(({ target, kind, problem }) => `${target} ${kind} ${problem}`).sort();
const suffering = ({ lost }: Verified): string[] => lost.map(({ source, path, targets }) => `${source}/${path} ${targets.join(' ')}`).sort();
/** The volume of a source on a target: each run makes one for each. */
const volumeOf = (target: string, number: number): string => stored(target, 'volumes')[number]!;

function flip(path: string, position = 100): void {
  const bytes = readFileSync(path);
  bytes[position]! ^= 1;
  writeFileSync(path, bytes);
}

async function expectRestoredFrom(target: string, identity?: string): Promise<void> {
  const to = at(`restored from ${target}`);
  rmSync(to, { recursive: true, force: true });
  const targets = await createTargets({ ...backup.around, only: target });
  try {
    await restore({
      ...backup.around, plan: 'small', targets, snapshot: 'latest', destination: { kind: 'folder', path: to, perSource: true }, overwrite: 'always', dryRun: false,
      keys: { identities: identity === undefined ? [] : [identity] },
      thaw: { days: 7, pause: null, now: () => new Date(), choose: () => Promise.reject(new Error('nothing is cold here')) },
    });
  } finally {
    await closeTargets(targets);
  }
  for (const source of ['docs', 'music']) expect(differences(at(source), join(to, source)), `${source} from ${target}`).toBe('');
}

const docs = ['docs/a.txt', 'docs/sub/b.txt', 'docs/sub/deep/c.txt', 'docs/subject.txt'];

describe('what is wrong is named with the files that suffer', () => {
  test('nothing', async () => {
    backup = await smallBackup();
    await backup.run();
    const { damaged, files, targets } = await look({ amount: everything });
    expect({ damaged, files }).toEqual({ damaged: 0, files: 0 });
    expect(targets).toMatchObject([{ target: 'one', objects: 2, manifests: 2, readObjects: 2, how: 'decoded', failure: null }, { target: 'two', readObjects: 2 }]);
    expect(targets[0]!.readSince).not.toBeNull();
  });

  test('a volume that is gone, one that is cut off, one with a bit flipped, two that are swapped', async () => {
    backup = await smallBackup();
    await backup.run();
    rmSync(file('one', volumeOf('one', 0)));
    truncateSync(file('two', volumeOf('two', 1)), 50);
    const looked = await look();
    expect(said(looked)).toEqual(['one object missing', 'two object size']);
    expect(suffering(looked)).toEqual([...docs.map((path) => `${path} one`), 'music/song.ogg two']);
    expect(looked.lost[0]).toMatchObject({ snapshots: 1, isLatest: true });
    expect(looked.findings[0]).toMatchObject({ name: volumeOf('two', 0), elsewhere: ['two'] });

    cpSync(file('two', volumeOf('two', 0)), file('one', volumeOf('two', 0)));
    cpSync(file('one', volumeOf('one', 1)), file('two', volumeOf('two', 1)));
    flip(file('one', volumeOf('one', 1)));
    expect(said(await look()), 'only the bytes tell').toEqual([]);
    const read = await look({ amount: everything });
    expect(said(read)).toEqual(['one object damaged']);
    expect(suffering(read)).toEqual(['music/song.ogg one']);
    flip(file('one', volumeOf('one', 1)));

    const [first, second] = stored('one', 'volumes').map((name) => file('one', name));
    renameSync(first!, at('aside'));
    renameSync(second!, first!);
    renameSync(at('aside'), second!);
    expect(suffering(await look())).toEqual([...docs, 'music/song.ogg'].map((path) => `${path} one`));
  });

  test('bytes of another object of the same size are called so', async () => {
    backup = await smallBackup('{ to: KEY }'.replace('KEY', (await generateIdentity('x25519')).recipient));
    backup.write({ 'docs/a.txt': 'first', 'music/song.ogg': 'other' });
    for (const name of ['docs/sub/b.txt', 'docs/sub/deep/c.txt', 'docs/subject.txt']) rmSync(at(name));
    await backup.run();
    const [first, second] = stored('one', 'volumes');
    if (readFileSync(file('one', first!)).length === readFileSync(file('one', second!)).length) {
      cpSync(file('one', first!), file('one', second!));
      const read = await look({ amount: everything });
      expect(read.findings).toMatchObject([{ name: second, problem: 'replaced', message: `holds the bytes of ${first}` }]);
    }
    cpSync(file('one', stored('one', 'manifests')[0]!), file('one', stored('one', 'manifests')[1]!));
    const read = await look({ amount: everything, targets: ['one'] });
    expect(read.findings.find(({ kind }) => kind === 'manifest')).toMatchObject({ problem: 'replaced', message: `holds the bytes of ${stored('one', 'manifests')[0]}` });
  });

  test('with a key only the files in the damaged frames; without one, all of the volume', async () => {
    const { identity, recipient } = await generateIdentity('x25519');
    backup = await smallBackup(`{ to: ${recipient} }`);
    const noise = Buffer.alloc(4 * 1024 * 1024);
    for (let index = 0; index < noise.length; index += 4) noise.writeUInt32LE(Math.imul(index, 2654435761) >>> 0, index);
    writeFileSync(at('docs/zz large'), noise);
    await backup.run();
    const name = volumeOf('one', 0);
    flip(file('one', name), readFileSync(file('one', name)).length - 300_000);
    const without = await look({ amount: everything, targets: ['one'] });
    expect(said(without)).toEqual(['one object damaged']);
    expect(suffering(without)).toEqual([...docs, 'docs/zz large'].map((path) => `${path} one`).sort());
    const withKey = await look({ amount: everything, targets: ['one'], keys: { identities: [identity] } });
    expect(suffering(withKey)).toEqual(['docs/zz large one']);
    expect((await look({ amount: everything, targets: ['two'], keys: { identities: [identity] } })).targets).toMatchObject([{ how: 'decoded', withoutKey: 0 }]);
    const other = await generateIdentity('x25519');
    expect((await look({ amount: everything, targets: ['two'], keys: { identities: [other.identity] } })).targets).toMatchObject([{ how: 'checksum', withoutKey: 2, damaged: 0 }]);
  });

  test('manifests: gone, forged by whoever, an older one put back; and the snapshots that lean on them', async () => {
    backup = await smallBackup();
    await backup.run();
    const [name] = stored('one', 'manifests');
    const before = readFileSync(file('one', name!));
    backup.write({ 'docs/new.txt': 'new' });
    await backup.run();
    rmSync(file('one', name!));
    const gone = await look();
    expect(gone.findings).toMatchObject([{ target: 'one', kind: 'manifest', name, problem: 'missing', elsewhere: ['two'] }]);
    expect(gone.findings[0]!.snapshots).toHaveLength(2);

    // One of another catalog, under the name of this one's.
    const mine = backup;
    backup = await smallBackup();
    await backup.run();
    const forged = readFileSync(file('one', stored('one', 'manifests')[0]!));
    backup.remove();
    backup = mine;
    writeFileSync(file('one', name!), forged);
    expect((await look({ amount: everything, targets: ['one'] })).findings).toMatchObject([{ name, problem: 'forged' }]);
    writeFileSync(file('one', name!), before);

    // It is written again once what it speaks of lies elsewhere; whoever kept the older one may put it back.
    for (const target of ['one', 'two']) rmSync(file(target, volumeOf(target, 0)));
    await backup.run();
    expect(readFileSync(file('one', name!)).equals(before)).toBe(false);
    expect(said(await look({ amount: everything }))).toEqual([]);
    writeFileSync(file('one', name!), before);
    expect((await look({ amount: everything, targets: ['one'] })).findings).toMatchObject([{ name, problem: 'rolled-back' }]);
  });

  test('the marker, the README, the script, a wrapped key, the signed list', async () => {
    backup = await smallBackup('{ passphrase: correct horse battery }');
    await backup.run();
    rmSync(file('one', 'bat.json'));
    rmSync(file('one', 'README.txt'));
    truncateSync(file('two', 'restore.py'));
    flip(file('two', stored('two', 'keys')[0]!));
    const list = stored('one', 'signed')[0]!;
    const older = readFileSync(file('one', list));
    rmSync(file('two', list));
    const looked = await look();
    expect(said(looked)).toEqual(['one help missing', 'one marker missing', 'two help size', 'two key damaged', 'two list missing']);
    expect((await look({ repair: true })).repair).toEqual({ healed: 5 });
    expect(said(await look())).toEqual([]);
    writeFileSync(file('one', list), older);
    expect(said(await look())).toEqual(['one list rolled-back']);
    await backup.run();
    expect(said(await look())).toEqual([]);
  });
});

describe('--repair', () => {
  test('copies from another target: volumes, manifests, what a key has not seen', async () => {
    backup = await smallBackup();
    await backup.run();
    backup.write({ 'docs/more.txt': 'more' });
    await backup.run();
    const [first, second, third] = stored('one', 'volumes');
    rmSync(file('one', first!));
    flip(file('one', second!));
    truncateSync(file('one', stored('one', 'manifests')[0]!), 20);
    flip(file('two', third!));
    const repaired = await look({ amount: everything, repair: true });
    expect(said(repaired)).toEqual(['one manifest size', 'one object damaged', 'one object missing', 'two object damaged']);
    expect(repaired.repair).toEqual({ healed: 4 });
    expect(said(await look({ amount: everything }))).toEqual([]);
    for (const target of ['one', 'two']) await expectRestoredFrom(target);
  });

  test('what none has is sent again by the next run, these files alone; then all is clean, the older snapshots, too', async () => {
    backup = await smallBackup();
    await backup.run();
    backup.write({ 'docs/more.txt': 'more' });
    await backup.run();
    for (const target of ['one', 'two']) {
      flip(file(target, volumeOf(target, 0)));
      rmSync(file(target, stored(target, 'manifests')[0]!));
    }
    const repaired = await look({ amount: everything, repair: true });
    expect(repaired.repair, 'the manifests are written again').toEqual({ healed: 2 });
    const events: BatEvent[] = [];
    const emit = (event: BatEvent): void => void events.push(event);
    await (await import('../../src/actions/run.ts')).run({ ...backup.around, emit, sources: [], newTargets: [], allowEmpty: false, view: 'none' });
    const read = new Map(events.flatMap((event) => (event.type === 'source-end' ? [[event.source, event.summary.read]] : [])));
    expect(Object.fromEntries(read), 'neither the song nor what was stored later').toEqual({ docs: 'firstsecondthirdfourth'.length, music: 0 });
    const after = await look({ amount: everything });
    expect(said(after)).toEqual([]);
    for (const target of ['one', 'two']) await expectRestoredFrom(target);
    const first = new RegExp(/manifests\/(.*)\.jsonl/).exec(stored('one', 'manifests')[0]!)![1]!;
    expect(await namesIn(first)).toEqual(docs);
  });

  test('what only older snapshots have is named as long as they are there', async () => {
    backup = await smallBackup();
    await backup.run();
    rmSync(at('docs/a.txt'));
    await backup.run();
    for (const target of ['one', 'two']) rmSync(file(target, volumeOf(target, 0)));
    expect((await look({ repair: true })).repair).toEqual({ healed: 0 });
    await backup.run();
    const { lost, isMendable } = await look();
    expect(lost).toMatchObject([{ source: 'docs', path: 'a.txt', targets: ['one', 'two'], isLatest: false }]);
    expect(isMendable).toBe(false);
    for (const target of ['one', 'two']) await expectRestoredFrom(target);
  });

  test('a damaged copy does not replace anything', async () => {
    backup = await smallBackup();
    await backup.run();
    const name = volumeOf('one', 0);
    rmSync(file('one', name));
    flip(file('two', name));
    expect((await look({ repair: true })).repair).toEqual({ healed: 0 });
    expect(existsSync(file('one', name))).toBe(false);
    await backup.run();
    expect(said(await look({ amount: everything }))).toEqual([]);
  });
});

describe('how much is read', () => {
  const reads = (): { plan: Plan; names: string[] } => {
    const names: string[] = [];
    const plan = withTargets((target) => {
      const read = target.read.bind(target);
      return {
        read: (name, ...rest) => {
          if (name.startsWith('volumes/')) names.push(name);
          return read(name, ...rest);
        },
      };
    });
    return { plan, names };
  };

  async function manyVolumes(runs = 3): Promise<void> {
    backup = await smallBackup();
    for (let index = 0; index < runs; index++) {
      backup.write({ 'docs/a.txt': `changed ${index}` });
      await backup.run();
    }
  }

  test('a week of sevenths covers all, and each object once', async () => {
    await manyVolumes();
    const { plan, names } = reads();
    for (let part = 1; part <= 7; part++) await look({ plan, targets: ['one'], amount: { kind: 'part', part, of: 7 } });
    expect(names.sort()).toEqual(stored('one', 'volumes'));
    expect((await look()).targets[0]!.readSince).not.toBeNull();
  });

  test('a share takes what was not read for the longest time', async () => {
    await manyVolumes();
    const { plan, names } = reads();
    for (let round = 0; round < 12 && new Set(names).size < 4; round++) await look({ plan, targets: ['one'], amount: { kind: 'share', share: 0.3 } });
    expect(new Set(names)).toEqual(new Set(stored('one', 'volumes')));
    expect(names.length, 'none twice before all were read once').toBeLessThanOrEqual(4 + 2);
  });

  test('one that is broken off goes on where it was', async () => {
    await manyVolumes(6);
    const { plan, names } = reads();
    const stop = new AbortController();
    const tell = ({ type }: VerifyEvent): void => {
      if (type === 'reading' && names.length >= 3) stop.abort(new Error('stopped'));
    };
    await expect(look({ plan, targets: ['one'], amount: everything, signal: stop.signal, tell })).rejects.toThrow('stopped');
    const before = new Set(names);
    expect(before.size).toBeLessThan(7);
    names.length = 0;
    await look({ plan, targets: ['one'], amount: everything });
    expect(names.length).toBeLessThan(7);
    expect(new Set([...before, ...names])).toEqual(new Set(stored('one', 'volumes')));
    names.length = 0;
    await look({ plan, targets: ['one'], amount: everything });
    expect(names, 'that one came to its end: the next reads all').toHaveLength(7);
  });

  test('nothing that is in cold storage', async () => {
    backup = await smallBackup();
    const cold = withTargets((target) => {
      const put = target.put.bind(target);
      const isCold = (storageClass: string): boolean => storageClass === 'ICE';
      const none = (): never => {
        throw new Error('a verify asks for no thaw');
      };
      return {
        coldStorage: { isCold, tiers: none, state: none, thaw: none },
        read: (name, ...rest) => (name.startsWith('volumes/') ? none() : Object.getPrototypeOf(target).read.call(target, name, ...rest)),
        put: async (name, bytes, options) => ({ ...(await put(name, bytes, options)), ...(options.temperature === 'cold' ? { storageClass: 'ICE' } : {}) }),
      };
    });
    await (await import('../../src/actions/run.ts')).run({ ...backup.around, plan: cold, sources: [], newTargets: [], allowEmpty: false, view: 'none' });
    expect((await look({ plan: cold, amount: everything })).targets).toMatchObject([{ cold: 2, readObjects: 0, damaged: 0 }, { cold: 2 }]);
  });

  test('of one source, what its snapshots need', async () => {
    backup = await smallBackup();
    await backup.run();
    for (const name of stored('one', 'volumes')) rmSync(file('one', name));
    expect(suffering(await look({ sources: ['music'] }))).toEqual(['music/song.ogg one']);
    await expect(look({ sources: ['musik'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', hint: expect.stringContaining('"music"') });
  });

  test('amounts as people write them', () => {
    expect(['5%', '2/7', '10GiB', '100 %'].map(parseAmount)).toEqual([{ kind: 'share', share: 0.05 }, { kind: 'part', part: 2, of: 7 }, { kind: 'bytes', bytes: 10 * 2 ** 30 }, { kind: 'share', share: 1 }]);
    for (const wrong of ['0%', '101%', '8/7', '0/7', '1/0', 'some', '', '0']) expect(() => parseAmount(wrong), wrong).toThrow(/says nothing/);
  });
});

describe('targets', () => {
  test('a checksum that the store tells is compared, and the bytes decide', async () => {
    backup = await smallBackup();
    const told = (checksum: string): Plan =>
      withTargets((target) => ({
        put: async (name, bytes, options) => ({ ...(await Object.getPrototypeOf(target).put.call(target, name, bytes, options)), checksum: 'etag:aa' }),
        list: async function* (prefix, signal) {
          for await (const stat of Object.getPrototypeOf(target).list.call(target, prefix, signal)) yield { ...stat, checksum };
        },
      }));
    await (await import('../../src/actions/run.ts')).run({ ...backup.around, plan: told('etag:aa'), sources: [], newTargets: [], allowEmpty: false, view: 'none' });
    flip(file('one', volumeOf('one', 0)));
    expect(said(await look({ plan: told('etag:aa') })), 'the store says that all is as it was').toEqual([]);
    const other = await look({ plan: told('etag:bb') });
    expect(said(other)).toEqual(['one object damaged']);
    expect(other.targets).toMatchObject([{ readObjects: 2 }, { readObjects: 2, damaged: 0 }]);
  });

  test('one that is away is said, and the others are looked at; an empty one is not taken for damaged', async () => {
    backup = await smallBackup();
    await backup.run();
    renameSync(at('two'), at('two away'));
    const { targets, findings } = await look();
    expect(targets.map(({ target, failure }) => [target, failure?.code])).toEqual([['one', undefined], ['two', 'TARGET_CHANGED']]);
    expect(findings).toEqual([]);
  });

  test('without a catalog there is nothing to hold them against', async () => {
    backup = await smallBackup();
    await backup.run();
    rmSync(at('state'), { recursive: true });
    await expect(look()).rejects.toMatchObject({ code: 'NOTHING_STORED', hint: expect.stringContaining('bat sync') });
  });
});

test('all bytes come once and in order, whoever asks for ranges of them', async () => {
  const bytes = Buffer.alloc(5 * 2 ** 20 + 17, 'bat');
  let fetched = 0;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    fetched += length;
    return bytes.subarray(offset, offset + length);
  };
  const source = new StoredBytes(bytes.length, read);
  for (const [offset, length] of [[0, 4096], [200, 3 * 2 ** 20], [3 * 2 ** 20 - 1, 2 ** 20], [4 * 2 ** 20, 5]] as const) {
    expect(Buffer.compare(await source.fetch(offset, length), bytes.subarray(offset, offset + length)), `${length} at ${offset}`).toBe(0);
  }
  expect((await source.finish()).toString('hex')).toBe((await import('node:crypto')).hash('sha256', bytes));
  expect(fetched).toBe(bytes.length);
});

async function namesIn(snapshot: string): Promise<string[]> {
  const { listEntries } = await import('../../src/actions/ls.ts');
  const entries = listEntries({ ...backup.around, environment: { XDG_STATE_HOME: at('bare') }, plan: { ...backup.plan, state: at('bare') }, snapshot, sources: [], path: '', recursive: true, keys: async () => ({ identities: [] }) } as Parameters<typeof listEntries>[0]);
  const names: string[] = [];
  for await (const { source, entry } of entries) if (entry.type === 'file') names.push(`${source}/${entry.path}`);
  return names.sort();
}

/** The plan, with some calls of its targets in place of their own. */
function withTargets(change: (target: Target) => Partial<Target>): Plan {
  const targets = backup.plan.targets.map((spec): TargetSpec => {
    const create: TargetSpec['type']['create'] = (id, options, context) => {
      const target = spec.type.create(id, options, context);
      return Object.assign(target, change(target));
    };
    return { ...spec, type: { ...spec.type, create } };
  });
  return { ...backup.plan, targets };
}
