import { closeSync, ftruncateSync, lstatSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { list } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOfArchive, type Member, memberHeader, padding } from '../../src/volume/tar-writer.ts';
import { judged } from './judges/run.ts';

const tars = ['tar', 'bsdtar'];
const slash = Buffer.from('/');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-tar-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(tars)('what %s makes of our tar', (tar) => {
  it('is the same tree, whatever the names are', () => {
    fc.assert(
      fc.property(fc.array(memberParts, { minLength: 1, maxLength: 25 }), (parts) => {
        const members = parts.map(toMember);
        extractAndCompare(tar, members, 'C.UTF-8');
      }),
      { numRuns: 20 },
    );
  });

  it('does not depend on the locale', () => {
    const members = ['plain', 'größe', Buffer.from('caf\xe9', 'latin1'), '漢字'.repeat(30), Buffer.alloc(180, 0xfe)].flatMap(
      (name, index) => toMember({ folders: [], name: Buffer.from(name as string), type: 'file', mode: 0o600, mtime: 5, size: 3, link: Buffer.alloc(0) }, index),
    );
    extractAndCompare(tar, members, 'C');
  });

  it.each([
    ['a name of 100 bytes', 'n'.repeat(100)],
    ['a name of 101 bytes', 'n'.repeat(101)],
    ['a folder and a name of 100 bytes', `${'f'.repeat(155)}/${'n'.repeat(100)}`],
    ['a short folder and a name of 100 bytes', `f/${'n'.repeat(100)}`],
    ['a folder of 156 bytes', `${'f'.repeat(156)}/name`],
    ['a name of 255 bytes', 'n'.repeat(255)],
    ['a path of 1,000 bytes', Array(10).fill('d'.repeat(99)).join('/')],
    ['a newline', 'line\nbreak'],
    ['quotes, stars and backslashes', '"*\'?[\\n]$(x)`'],
    ['a leading dash', '-rf'],
    ['blanks around', ' a b '],
    ['an emoji', '🦇'],
    ['decomposed letters', 'u\u0308'],
    ['Latin-1', Buffer.from('Stra\xdfe', 'latin1')],
    ['100 bytes of Latin-1', Buffer.alloc(100, 0xe4)],
    ['200 bytes of Latin-1', Buffer.alloc(200, 0xe4)],
    ['Latin-1 in two fields', Buffer.concat([Buffer.alloc(120, 0xe4), slash, Buffer.alloc(90, 0xe4)])],
    ['every byte a name can have', Buffer.from([...Array(256).keys()].filter((byte) => byte !== 0 && byte !== 0x2f))],
  ])('keeps %s, as a file, a folder and the end of a link', (_, name) => {
    const path = Buffer.from(name as string);
    const common = { mode: 0o755, uid: 0, gid: 0, size: 0, mtime: '1700000000.000000000' };
    const inFolder = (top: string) => Buffer.concat([Buffer.from(`${top}/`), path]);
    extractAndCompare(tar, [
      { member: { ...common, path, type: 'file', size: 5 }, content: Buffer.from('bytes') },
      { member: { ...common, path: 'hardlink', type: 'hardlink', link: path } },
      { member: { ...common, path: 'symlink', type: 'symlink', link: path, mode: 0o777 } },
      { member: { ...common, path: inFolder('folders'), type: 'directory' } },
    ]);
  });

  it('has sizes above 8 GiB, and what comes behind', () => {
    const size = 9 * 2 ** 30 + 17;
    const archive = join(folder, 'large.tar');
    const large = memberHeader({ path: 'large', type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: '0.000000000' });
    const after = Buffer.concat([memberHeader({ path: 'after', type: 'fifo', mode: 0o600, uid: 3_000_000, gid: 2_097_152, size: 0, mtime: '1.5' }), endOfArchive]);
    const file = openSync(archive, 'w');
    writeSync(file, large);
    ftruncateSync(file, large.length + size + padding(size));
    writeSync(file, after, 0, after.length, large.length + size + padding(size));
    closeSync(file);
    const listing = judged(tar, ['--numeric-owner', '-tvf', archive]).toString();
    expect(listing).toMatch(/^-rw-r--r--.* 9663676433 .*large\nprw------- .*3000000.*2097152.*after\n$/);
  });

  it('has times before 1970 and after 2242', () => {
    const times = ['-1.000000000', '-1.500000000', '-2000000000.000000001', '8589934591.999999999', '8589934592.000000000'];
    const archive = Buffer.concat([
      ...times.map((mtime, index) => memberHeader({ path: `file${index}`, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime })),
      endOfArchive,
    ]);
    // GNU tar cannot but remark on such times when it extracts; listing is silent.
    judged(tar, ['-tvf', '-'], archive);
    judged(tar, tar === 'tar' ? ['--warning=no-timestamp', '-C', folder, '-xf', '-'] : ['-C', folder, '-xf', '-'], archive);
    const seconds = times.map((_, index) => Math.floor(lstatSync(join(folder, `file${index}`)).mtimeMs / 1000));
    expect(seconds).toEqual([-1, -2, -2_000_000_001, 8_589_934_591, 8_589_934_592]);
  });

  it.skipIf(process.getuid?.() !== 0)('has owners above 2,097,151', () => {
    const members: Made[] = [2_097_151, 2_097_152, 3_000_000, 4_294_967_294].map((id) => ({
      member: { path: `file${id}`, type: 'file', mode: 0o600, uid: id, gid: id - 1, size: 0, mtime: '7.000000000' },
    }));
    extractAndCompare(tar, members);
    for (const { member } of members) {
      expect(lstatSync(join(folder, String(member.path)))).toMatchObject({ uid: member.uid, gid: member.gid });
    }
  });
});

describe('a header', () => {
  const plain: Member = { path: 'a/b', type: 'file', mode: 0o100644, uid: 1000, gid: 100, size: 3, mtime: '1700000000.999999999' };

  it('is one block where ustar can say it', () => {
    expect(memberHeader(plain)).toHaveLength(512);
    expect(memberHeader({ ...plain, path: Buffer.from('caf\xe9', 'latin1') })).toHaveLength(512);
    expect(memberHeader({ ...plain, path: `${'f'.repeat(155)}/${'n'.repeat(100)}` })).toHaveLength(512);
    expect(memberHeader({ ...plain, path: 'größe' })).toHaveLength(512);
    expect(memberHeader({ ...plain, uid: 2_097_152 })).toHaveLength(1536);
    expect(memberHeader({ ...plain, path: 'n'.repeat(101) })).toHaveLength(1536);
    // The slash that ends a folder is no place to split: the name field would be empty.
    expect(memberHeader({ ...plain, path: `f/${'n'.repeat(100)}`, type: 'directory', size: 0 })).toHaveLength(1536);
  });

  it('has whole seconds and only the permission bits', () => {
    const block = memberHeader(plain).toString('latin1');
    expect(block.slice(100, 107)).toBe('0000644');
    expect(block.slice(136, 147)).toBe((1_700_000_000).toString(8).padStart(11, '0'));
  });

  it('is the same for the same member', () => {
    const member: Member = { ...plain, path: '漢'.repeat(80), mtime: '-3.25' };
    expect(memberHeader(member).equals(memberHeader({ ...member }))).toBe(true);
  });

  it('is refused where it would not say what is meant', () => {
    expect(() => memberHeader({ ...plain, path: '' })).toThrow(RangeError);
    expect(() => memberHeader({ ...plain, path: 'a/' })).toThrow(RangeError);
    expect(() => memberHeader({ ...plain, path: 'a\0b' })).toThrow(RangeError);
    expect(() => memberHeader({ ...plain, path: '\ud800' })).toThrow(RangeError);
    expect(() => memberHeader({ ...plain, type: 'symlink', link: 'x' })).toThrow(RangeError);
  });

  it('is read by the tar package too', async () => {
    const path = `${'ü'.repeat(70)}/file`;
    const seen: unknown[] = [];
    const parser = list({ strict: true, onReadEntry: (entry) => seen.push({ path: entry.path, size: entry.size, uid: entry.uid, mtime: entry.mtime?.getTime() }) });
    await new Promise<void>((resolve, reject) => {
      parser.on('end', resolve).on('error', reject);
      parser.end(Buffer.concat([memberHeader({ ...plain, path, uid: 2 ** 31 }), Buffer.alloc(512), endOfArchive]));
    });
    expect(seen).toEqual([{ path, size: 3, uid: 2 ** 31, mtime: 1_700_000_000_000 }]);
  });
});

it('padding fills the block', () => {
  for (const [size, expected] of [[0, 0], [1, 511], [511, 1], [512, 0], [513, 511], [2 ** 40 + 1, 511]] as const) expect(padding(size)).toBe(expected);
});

interface Made {
  member: Member;
  content?: Buffer;
}

interface Parts {
  folders: Buffer[];
  name: Buffer;
  type: 'file' | 'directory' | 'symlink' | 'fifo';
  mode: number;
  mtime: number;
  size: number;
  link: Buffer;
}

const alphabets: fc.Arbitrary<string | Buffer>[] = [
  fc.constantFrom(...'abcXYZ019 ._-\n\t"\'\\*?[]{}$!#%~'),
  fc.constantFrom('ä', 'é', 'u\u0308', '漢', '🦇', 'я', '\u00a0', '\u202e'),
  fc.constantFrom(0x80, 0xc3, 0xe4, 0xff, 0x41).map((byte) => Buffer.from([byte])),
];
const component = fc
  .oneof(...alphabets.map((letters) => fc.array(letters, { minLength: 1, maxLength: 120, size: 'max' })))
  // No `.` and `..`, and no longer than a file system takes.
  .map((letters) => Buffer.concat([Buffer.from('n'), ...letters.map((letter) => Buffer.from(letter as string))]).subarray(0, 240))
  .map((bytes) => (bytes.length === 240 ? Buffer.alloc(240, 'long') : bytes));
const memberParts: fc.Arbitrary<Parts> = fc.record({
  folders: fc.array(component, { maxLength: 4 }),
  name: component,
  type: fc.constantFrom('file', 'file', 'directory', 'symlink', 'fifo'),
  mode: fc.integer({ min: 0, max: 0o777 }).map((mode) => mode | 0o700),
  mtime: fc.integer({ min: 1, max: 1_750_000_000 }),
  size: fc.constantFrom(0, 1, 511, 512, 513, 3000),
  link: component,
});

function toMember({ folders, name, type, mode, mtime, size, link }: Parts, index: number): Made {
  const path = Buffer.concat([Buffer.from(`${index}`), ...folders.flatMap((part) => [slash, part]), slash, name]);
  const member: Member = { path, type, mode, uid: 0, gid: 0, size: type === 'file' ? size : 0, mtime: `${mtime}.123456789` };
  if (type === 'symlink') return { member: { ...member, link } };
  return type === 'file' ? { member, content: Buffer.alloc(size, `content of ${index}`) } : { member };
}

function extractAndCompare(tar: string, made: Made[], locale = 'C.UTF-8'): void {
  const bodies = made.flatMap(({ member, content = Buffer.alloc(0) }) => [memberHeader(member), content, Buffer.alloc(padding(content.length))]);
  const archive = Buffer.concat([...bodies, endOfArchive]);
  const listing = judged(tar, ['-tf', '-'], archive, locale);
  expect(listing.toString('latin1').split('\n').length).toBeGreaterThan(made.length);
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'bat-tar-'));
  judged(tar, ['-C', folder, '-xpf', '-'], archive, locale);
  const expected = new Set<string>();
  for (const { member, content } of made) {
    const relative = Buffer.from(member.path as string);
    const path = Buffer.concat([Buffer.from(`${folder}/`), relative]);
    for (let at = relative.indexOf(slash); at !== -1; at = relative.indexOf(slash, at + 1)) expected.add(relative.toString('latin1', 0, at));
    expected.add(relative.toString('latin1'));
    const stat = lstatSync(path);
    if (content) expect(readFileSync(path).equals(content)).toBe(true);
    if (member.type === 'symlink') expect(readlinkSync(path, 'buffer').equals(Buffer.from(member.link as string))).toBe(true);
    else expect(stat.mode & 0o7777).toBe(member.mode);
    if (member.type === 'hardlink') expect(stat.ino).toBe(lstatSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(member.link as string)])).ino);
    else expect(Math.floor(stat.mtimeMs / 1000)).toBe(Math.floor(Number(member.mtime)));
    expect(typeOf(stat)).toBe(member.type === 'hardlink' ? 'file' : member.type);
  }
  expect(treeOf(Buffer.from(folder)).sort()).toEqual([...expected].sort());
}

function typeOf(stat: ReturnType<typeof lstatSync>): string {
  if (stat!.isDirectory()) return 'directory';
  if (stat!.isSymbolicLink()) return 'symlink';
  return stat!.isFIFO() ? 'fifo' : 'file';
}

function treeOf(top: Buffer, below = Buffer.alloc(0)): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(Buffer.concat([top, slash, below]), { encoding: 'buffer', withFileTypes: true })) {
    const path = below.length === 0 ? entry.name : Buffer.concat([below, slash, entry.name]);
    found.push(path.toString('latin1'));
    if (entry.isDirectory()) found.push(...treeOf(top, path));
  }
  return found;
}
