/** Each thing that somebody who can write to a target, and has the public keys, can do to a store. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTargets, closeTargets } from '../../src/actions/plan-targets.ts';
import { restore, type RestoreSummary } from '../../src/actions/restore.ts';
import { Trust } from '../../src/actions/store/trust.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { openKeyRing } from '../../src/volume/age.ts';
import { decodeDocument, encodeDocument } from '../../src/volume/object-reader.ts';
import { newSigningKey, openSigner } from '../../src/volume/signing.ts';
import { decodeSignedList, signedListName } from '../../src/volume/signed-list.ts';
import { encodeSignedList } from '../../src/volume/signed-list-writing.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
beforeEach(async () => {
  backup = await smallBackup();
  await backup.run();
  // Only one target is looked at: another one would make good what the first one lost.
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
});
afterEach(() => backup.remove());

const store = (...names: string[]): string => join(backup.folder, 'one', 'small', ...names);
const manifests = (source = 'docs'): string[] => readdirSync(store('manifests')).filter((name) => name.includes(source)).sort();
const listFile = (): string => store('signed', readdirSync(store('signed'))[0]!);
const keep = (name: string): void => cpSync(store(), join(backup.folder, name), { recursive: true });
const putBack = (from: string, ...names: string[]): void => cpSync(join(backup.folder, from, ...names), store(...names), { recursive: true });

/** A restore of `docs` by a machine whose state is `reader`. */
async function restored({ accept = false, signers = [], reader = 'reader', snapshot = 'latest' }: { accept?: boolean; signers?: string[]; reader?: string; snapshot?: string } = {}): Promise<RestoreSummary> {
  const plan: Plan = { ...backup.plan, state: join(backup.folder, reader), signers };
  const { emit, signal, environment } = backup.around;
  const targets = await createTargets({ plan, only: 'one', environment, emit });
  try {
    return await restore({
      plan: plan.name, targets, snapshot, sources: ['docs'], destination: { kind: 'folder', path: join(backup.folder, 'out'), perSource: true }, overwrite: 'always', dryRun: false,
      keys: { identities: [] }, thaw: { days: 7, pause: null, now: () => new Date(), choose: () => Promise.reject(new Error('nothing is cold here')) },
      trust: new Trust({ plan, environment, accept, emit }), emit, signal,
    });
  } finally {
    await closeTargets(targets);
  }
}

const code = async (options: Parameters<typeof restored>[0] = {}): Promise<string> => restored(options).then(() => 'restored', (error: { code: string }) => error.code);
const said = (): string => backup.events.flatMap((event) => (event.type === 'issue' ? [`${event.issue.kind}: ${event.issue.message}`] : [])).join('\n');

/** The lines of a manifest, changed and, by a key, signed anew. */
async function rewrite(name: string, change: (lines: Record<string, unknown>[]) => void, key?: string, to = name): Promise<void> {
  const pieces = await Array.fromAsync(decodeDocument(readFileSync(store('manifests', name)), 'zstd', false, openKeyRing([]), name));
  const lines = Buffer.concat(pieces).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  const signer = key === undefined ? null : openSigner(key)!;
  if (signer) lines[0]!['signer'] = signer.publicKey;
  change(lines);
  const before = lines.slice(0, -1).map((line) => `${JSON.stringify(line)}\n`).join('');
  if (signer) lines.at(-1)!['signature'] = signer.sign('manifest', hash('sha256', before, 'buffer'));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${before}${JSON.stringify(lines.at(-1))}\n`);
  }
  writeFileSync(store('manifests', to), Buffer.concat(await Array.fromAsync(encodeDocument(bytes(), { codec: 'zstd', level: 3, newSealer: null }))));
}

function unsigned(lines: Record<string, unknown>[]): void {
  for (const key of ['signer', 'serial', 'baseSerial']) delete lines[0]![key];
  delete lines.at(-1)!['signature'];
}

describe('a store that is as it was written', () => {
  test('is trusted at first sight, which is said, and from then on', async () => {
    expect(await code()).toBe('restored');
    expect(said()).toMatch(/written by the signer [0-9a-f]{16}, who is trusted from now on: ed25519:/);
    backup.events.length = 0;
    backup.write({ 'docs/a.txt': 'a third time' });
    await backup.run();
    expect(await code()).toBe('restored');
    expect(said()).toBe('');
    expect(readFileSync(join(backup.folder, 'out', 'docs', 'a.txt'), 'utf8')).toBe('a third time');
  });

  test('is trusted by the machine that writes it, whoever the plan names beside it', async () => {
    expect(await code({ reader: 'state', signers: [openSigner(newSigningKey())!.publicKey] })).toBe('restored');
  });

  test('may have a snapshot that is newer than the list: the run was killed before that was written', async () => {
    await code();
    keep('before');
    await backup.run();
    putBack('before', 'signed');
    expect(await code({ reader: 'fresh' })).toBe('restored');
  });

  test('may lack a manifest that the list does not name any more', async () => {
    await code();
    const { list } = decodeSignedList(readFileSync(listFile()), '')!;
    const signer = openSigner(readFileSync(join(backup.folder, 'state', 'signing-key.pem'), 'utf8'))!;
    const gone = `manifests/${manifests('music')[0]!}`;
    writeFileSync(listFile(), encodeSignedList({ ...list, serial: list.serial + 1000, manifests: list.manifests.filter(({ name }) => name !== gone) }, signer));
    rmSync(store(gone));
    expect(await code()).toBe('restored');
  });

  test('of an older bat needs no signature; once it has a list, what that vouches for needs none', async () => {
    const key = readFileSync(join(backup.folder, 'state', 'signing-key.pem'), 'utf8');
    const { list } = decodeSignedList(readFileSync(listFile()), '')!;
    for (const name of manifests()) await rewrite(name, unsigned);
    rmSync(store('signed'), { recursive: true });
    expect(await code({ reader: 'old' })).toBe('restored');
    const entries = list.manifests.map((entry) => (entry.name.includes('docs') ? { ...entry, serial: null, sha256: hash('sha256', readFileSync(store(entry.name))) } : entry));
    backup.write({ [join('one/small', signedListName(list.signer))]: encodeSignedList({ ...list, manifests: entries }, openSigner(key)!).toString() });
    expect(await code({ reader: 'new' })).toBe('restored');
    await rewrite(manifests()[1]!, (lines) => void (lines[0]!['host'] = 'evil'));
    expect(await code({ reader: 'new' })).toBe('MANIFEST_FORGED');
  });
});

describe('forged', () => {
  const evil = newSigningKey();

  test('whole, by another key', async () => {
    await code();
    await rewrite(manifests()[1]!, () => undefined, evil);
    expect(await code()).toBe('MANIFEST_FORGED');
    expect(await code({ accept: true })).toBe('restored');
    expect(said()).toMatch(/doubtful: The manifest .* is signed by [0-9a-f]{16}, who is not known here/);
    backup.events.length = 0;
    expect(await code()).toBe('restored');
  });

  test('by a key that the plan does not name, though nobody was seen before', async () => {
    const own = decodeSignedList(readFileSync(listFile()), '')!.list.signer;
    expect(await code({ reader: 'a', signers: [own] })).toBe('restored');
    expect(await code({ reader: 'b', signers: [openSigner(evil)!.publicKey] })).toBe('MANIFEST_FORGED');
    await rewrite(manifests()[1]!, () => undefined, evil);
    expect(await code({ reader: 'c', signers: [own] })).toBe('MANIFEST_FORGED');
    expect(await code({ reader: 'd', signers: [own, openSigner(evil)!.publicKey] })).toBe('restored');
  });

  test('by a changed line', async () => {
    await rewrite(manifests()[1]!, (lines) => void (lines[0]!['host'] = 'evil'));
    expect(await code()).toBe('MANIFEST_FORGED');
    expect(await code({ accept: true })).toBe('restored');
  });

  test('by leaving the signature out', async () => {
    await rewrite(manifests()[1]!, unsigned);
    expect(await code()).toBe('MANIFEST_FORGED');
  });

  test('by an old one under a new name', async () => {
    const [first = '', last = ''] = manifests();
    cpSync(store('manifests', first), store('manifests', last));
    expect(await code()).toBe('MANIFEST_FORGED');
  });

  test('by a list with another signature, or of another store', async () => {
    await code();
    const { list } = decodeSignedList(readFileSync(listFile()), '')!;
    const good = readFileSync(listFile());
    writeFileSync(listFile(), encodeSignedList({ ...list, manifests: [] }, openSigner(evil)!));
    expect(await code()).toBe('MANIFEST_FORGED');
    writeFileSync(listFile(), good.toString().replace(/"time":"\d{4}/, '"time":"1999'));
    expect(await code()).toBe('MANIFEST_FORGED');
    cpSync(join(backup.folder, 'two', 'small', signedListName(list.signer)), listFile());
    expect(await code()).toBe('MANIFEST_FORGED');
    backup.events.length = 0;
    expect(await code({ reader: 'another reader' })).toBe('MANIFEST_FORGED');
    expect(said(), 'nobody is trusted by a list from elsewhere').not.toContain('trusted');
    writeFileSync(listFile(), good);
    expect(await code()).toBe('restored');
  });
});

describe('rolled back', () => {
  /** The same name, written again by who may. */
  async function writtenAgain(name: string, serial: number): Promise<void> {
    await rewrite(name, (lines) => void (lines[0]!['serial'] = serial), readFileSync(join(backup.folder, 'state', 'signing-key.pem'), 'utf8'));
  }

  test('by an old manifest in the place of one that was written again', async () => {
    const name = manifests()[1]!;
    keep('before');
    const { list } = decodeSignedList(readFileSync(listFile()), '')!;
    await writtenAgain(name, list.serial + 1);
    const entries = list.manifests.map((entry) => (entry.name.endsWith(name) ? { ...entry, serial: list.serial + 1, sha256: hash('sha256', readFileSync(store('manifests', name))) } : entry));
    writeFileSync(listFile(), encodeSignedList({ ...list, serial: list.serial + 2, manifests: entries }, openSigner(readFileSync(join(backup.folder, 'state', 'signing-key.pem'), 'utf8'))!));
    expect(await code()).toBe('restored');
    putBack('before', 'manifests', name);
    expect(await code()).toBe('MANIFEST_ROLLED_BACK');
    expect(await code({ accept: true })).toBe('restored');
  });

  test('by an old base', async () => {
    const [base = '', last = ''] = manifests();
    rmSync(store('signed'), { recursive: true });
    await rewrite(last, (lines) => void (lines[0]!['baseSerial'] = (lines[0]!['baseSerial'] as number) + 1), readFileSync(join(backup.folder, 'state', 'signing-key.pem'), 'utf8'));
    expect(await code()).toBe('MANIFEST_ROLLED_BACK');
    expect(await code({ snapshot: base.slice(0, 20) })).toBe('restored');
  });

  test('by an old list, with all that it names', async () => {
    keep('before');
    await backup.run();
    expect(await code()).toBe('restored');
    rmSync(store(), { recursive: true });
    putBack('before');
    expect(await code()).toBe('MANIFEST_ROLLED_BACK');
    expect(await code({ accept: true })).toBe('restored');
    expect(await code(), 'what was accepted is pinned').toBe('restored');
  });

  test('by another store in the place of this one', async () => {
    await code();
    rmSync(store(), { recursive: true });
    cpSync(join(backup.folder, 'two', 'small'), store(), { recursive: true });
    expect(await code()).toBe('TARGET_CHANGED');
    expect(await code({ accept: true })).toBe('restored');
  });
});

describe('cut off', () => {
  test('by removing the newest manifest', async () => {
    rmSync(store('manifests', manifests()[1]!));
    expect(await code()).toBe('MANIFEST_CUT_OFF');
    expect(await code({ accept: true })).toBe('restored');
    expect(readFileSync(join(backup.folder, 'out', 'docs', 'a.txt'), 'utf8')).toBe('first');
    expect(said()).toMatch(/doubtful: 1 manifest that the signed list names is gone from .*-docs\.jsonl/);
  });

  test('by removing one that was seen, though no list had it yet', async () => {
    keep('before');
    await backup.run();
    putBack('before', 'signed');
    expect(await code()).toBe('restored');
    rmSync(store('manifests', manifests().at(-1)!));
    expect(await code()).toBe('MANIFEST_CUT_OFF');
  });

  test('by removing the list', async () => {
    await code();
    rmSync(store('signed'), { recursive: true });
    expect(await code()).toBe('MANIFEST_CUT_OFF');
    expect(await code({ accept: true })).toBe('restored');
    expect(await code()).toBe('restored');
  });

  test('by leaving lines out', async () => {
    await rewrite(manifests()[1]!, (lines) => void lines.splice(-2, 1));
    expect(await code()).toBe('MANIFEST_CUT_OFF');
  });
});
