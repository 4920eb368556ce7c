import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readManifest } from '../../src/volume/manifest-reading.ts';
import { encodeLine } from '../../src/volume/manifest-writing.ts';
import type { ManifestEnd, ManifestHeader, ManifestLine } from '../../src/volume/manifest.ts';
import { isSignedBy } from '../../src/volume/signature.ts';
import { newSigningKey, openSigner, type Signer } from '../../src/volume/signing.ts';

const signer = openSigner(newSigningKey())!;

function header(more: Partial<ManifestHeader> = {}): ManifestHeader {
  return {
    snapshot: '20260101-000000-aaaa-docs', plan: 'plan', source: 'docs', category: '', run: '20260101-000000-aaaa', time: '2026-01-01T00:00:00.000Z', host: 'host', version: '0',
    base: null, roots: [], files: 0, bytes: 0, signer: signer.publicKey, serial: 7, baseSerial: null, planFile: { name: 'nas.yaml', text: 'version: 1\n# é "quoted"\n' }, ...more,
  };
}

function signed(paths: readonly string[], by: Signer = signer, first = header(), type: 'directory' | 'file' = 'directory'): Buffer {
  const content = type === 'file' ? { sha256: 'a'.repeat(64), chunks: [] } : {};
  const lines: ManifestLine[] = [
    { kind: 'header', header: first },
    ...paths.map((path): ManifestLine => ({ kind: 'entry', entry: { path, type, mode: 0o755, uid: 0, gid: 0, mtime: '1.000000000', size: 0, ...content } })),
  ];
  const text = lines.map(encodeLine).join('');
  const signature = by.sign('manifest', createHash('sha256').update(text).digest());
  return Buffer.from(text + encodeLine({ kind: 'end', volumes: 0, entries: paths.length, removed: 0, signature }));
}

async function read(bytes: Uint8Array, cuts: readonly number[] = [], passOver?: (path: string) => boolean): Promise<ManifestLine[]> {
  const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 1; at < places.length; at++) yield bytes.subarray(places[at - 1], places[at]);
  }
  return Array.fromAsync(readManifest(pieces(), 'it', passOver));
}

const endOf = (lines: readonly ManifestLine[]): ManifestEnd => lines.at(-1) as ManifestEnd;
const path = fc.string({ minLength: 1, unit: 'binary' });

describe('a signed manifest', () => {
  test('comes back as it was written, whatever its names and however its bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(path), fc.array(fc.nat(), { maxLength: 5 }), async (paths, cuts) => {
        const lines = await read(signed(paths), cuts);
        expect(lines[0]).toEqual({ kind: 'header', header: header() });
        expect(lines.slice(1, -1).map((line) => line.kind === 'entry' && line.entry.path)).toEqual(paths);
        expect(endOf(lines).isGenuine).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('is not genuine once any of its bits is another', async () => {
    const whole = signed(['a', 'b']);
    const genuine = await read(whole);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1 << bit;
        const lines = await read(bytes).catch(() => null);
        // Base64 has bits at its end that say nothing.
        if (lines && endOf(lines).isGenuine === true) expect(lines.slice(0, -1)).toEqual(genuine.slice(0, -1));
      }),
      { numRuns: 600 },
    );
  });

  test('by another key than its header names is not genuine', async () => {
    expect(endOf(await read(signed(['a'], openSigner(newSigningKey())!))).isGenuine).toBe(false);
  });

  test('without a line of it was cut off', async () => {
    const lines = signed(['a', 'b']).toString().split('\n');
    await expect(read(Buffer.from(lines.slice(0, 2).join('\n')))).rejects.toMatchObject({ code: 'MANIFEST_CUT_OFF' });
    await expect(read(Buffer.from(lines.toSpliced(1, 1).join('\n')))).rejects.toMatchObject({ code: 'MANIFEST_CUT_OFF' });
  });

  test('is no list, though the bytes signed be the same', () => {
    const sha256 = createHash('sha256').update('x').digest();
    expect(isSignedBy(signer.publicKey, 'manifest', sha256, signer.sign('manifest', sha256))).toBe(true);
    expect(isSignedBy(signer.publicKey, 'manifest', sha256, signer.sign('list', sha256))).toBe(false);
    expect(isSignedBy('ed25519:AAAA', 'manifest', sha256, signer.sign('manifest', sha256))).toBe(false);
  });
});

describe('files that are passed over', () => {
  const pathsOf = (lines: readonly ManifestLine[]): string[] => lines.flatMap((line) => (line.kind === 'entry' ? [line.entry.path] : []));

  test('are not given; those that are wanted are, whatever their names, and the signature is of all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(path), fc.array(path), async (wanted, others) => {
        const names = new Set(wanted);
        const lines = await read(signed([...others, ...wanted, ...others], signer, header(), 'file'), [], (name) => !names.has(name));
        // A name that JSON writes with a backslash may be given in any case.
        expect(pathsOf(lines).filter((name) => names.has(name))).toEqual([...others, ...wanted, ...others].filter((name) => names.has(name)));
        expect(pathsOf(lines).filter((name) => !names.has(name) && /^[\w ]*$/.test(name))).toEqual([]);
        expect(endOf(lines).isGenuine).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('are files only: what else there is may matter for what is wanted', async () => {
    expect(pathsOf(await read(signed(['a', 'b']), [], () => true))).toEqual(['a', 'b']);
  });

  test('hide nothing that was changed, added or left out', async () => {
    const lines = signed(['a', 'b', 'c'], signer, header(), 'file').toString().split('\n');
    const changed = lines.with(2, lines[2]!.replace('"mode":"0755"', '"mode":"0777"'));
    expect(endOf(await read(Buffer.from(changed.join('\n')), [], () => true)).isGenuine).toBe(false);
    await expect(read(Buffer.from(lines.toSpliced(2, 1).join('\n')), [], () => true)).rejects.toMatchObject({ code: 'MANIFEST_CUT_OFF' });
    await expect(read(Buffer.from(lines.toSpliced(2, 0, lines[2]!).join('\n')), [], () => true)).rejects.toMatchObject({ code: 'MANIFEST_CUT_OFF' });
    await expect(read(Buffer.from([...lines.slice(0, -1), lines[1], ''].join('\n')), [], () => true)).rejects.toThrow('after its end');
  });
});

test('a manifest of an older bat has no signer, and is read', async () => {
  const { signer: _signer, serial: _serial, baseSerial: _base, planFile: _plan, ...old } = header();
  const lines = await read(Buffer.from(encodeLine({ kind: 'header', header: old }) + encodeLine({ kind: 'end', volumes: 0, entries: 0, removed: 0 })));
  expect(lines).toEqual([{ kind: 'header', header: old }, { kind: 'end', volumes: 0, entries: 0, removed: 0 }]);
});

test('a line without end is damage, found in the time that reading it takes', async () => {
  const piece = new Uint8Array(4 * 1024 * 1024).fill(0x20);
  let given = 0;
  async function* bomb(): AsyncGenerator<Uint8Array> {
    yield signed([]).subarray(0, signed([]).indexOf(10) + 1);
    for (; given < 200; given++) yield piece;
  }
  await expect(Array.fromAsync(readManifest(bomb(), 'it'))).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', message: 'The manifest it is damaged at line 2: it is too long.' });
  expect(given).toBeLessThan(130);
});
