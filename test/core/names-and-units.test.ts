import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMtime, parseMtime } from '../../src/core/entry.ts';
import { BatError, exitCodes, systemCode, systemReason } from '../../src/core/errors.ts';
import { describeEvent, visible } from '../../src/core/event-text.ts';
import { decodePath, encodePath, pathDanger, resolvePath, systemPath } from '../../src/core/paths.ts';
import { redact, registerSecret } from '../../src/core/secrets.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatRate, parseDuration, parseRate, parseSize } from '../../src/core/units.ts';

describe('names', () => {
  test('whatever their bytes are, they come back as they were', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void expect(encodePath(decodePath(bytes))).toEqual(Buffer.from(bytes))));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void expect(decodePath(Buffer.from(text))).toBe(text)));
  });

  test.each([['\xef\xbb\xbfmark', '\ufeffmark'], ['\xed\xb2\x80', '\udced\udcb2\udc80'], ['a\xffb', 'a\udcffb'], ['\xc3', '\udcc3']])('%j', (bytes, text) => {
    expect(decodePath(Buffer.from(bytes, 'latin1'))).toBe(text);
    expect(encodePath(text).toString('latin1')).toBe(bytes);
  });

  test('the system gets text where it is text, else bytes', () => {
    expect(systemPath('é')).toBe('é');
    expect(systemPath('\udcff')).toEqual(Buffer.from([0xff]));
  });

  test('what must not be written below a folder is refused', () => {
    for (const path of ['', '/a', 'a//b', 'a/', './a', 'a/../b', '..', 'a\0b']) expect(pathDanger(path), path).not.toBeNull();
    for (const path of ['a', 'a/b', '...', '..a', 'a..', ' ', '-', '\udcff']) expect(pathDanger(path), path).toBeNull();
  });

  test('paths of a plan', () => {
    expect(resolvePath('a', '/plans')).toBe('/plans/a');
    expect(resolvePath('/a', '/plans')).toBe('/a');
    expect(resolvePath('~/a', '/plans')).toMatch(/^\/.*\/a$/);
    expect(resolvePath('~a', '/plans')).toBe('/plans/~a');
  });

  test('no name can paint on a terminal', () => {
    expect(visible('a\n\u001b[31m\u202e\udcff é 🦇')).toBe('a\\u000a\\u001b[31m\\u202e\\xff é 🦇');
  });

  test('each byte that is no text is shown, also next to others', () => {
    expect(visible('two\udce9\udcff.txt \ud800\udcff')).toBe(`two\\xe9\\xff.txt ${'\ud800\udcff'}`);
  });

  test('a message that begins with the name of its object names it once', () => {
    const line = (message: string): string => describeEvent({ type: 'issue', target: 'usb', issue: { kind: 'note', path: 'volumes/a', message } })!.text;
    expect(line('volumes/a is damaged')).toBe('usb: volumes/a is damaged');
    expect(line('it is cut off')).toBe('usb: volumes/a: it is cut off');
  });
});

test('times keep their nanoseconds, before 1970 too', () => {
  expect(formatMtime(1_700_000_000_123_456_789n)).toBe('1700000000.123456789');
  expect(formatMtime(-1n)).toBe('-0.000000001');
  expect(formatMtime(-1_500_000_000n)).toBe('-1.500000000');
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (time) => void expect(parseMtime(formatMtime(time))).toBe(time)));
});

test('sizes and durations are read as people write them, and refused where they are none', () => {
  expect([parseSize('128MiB'), parseSize('1.5 GB'), parseSize('4096'), parseSize(7), parseSize('1k')]).toEqual([134_217_728, 1_500_000_000, 4096, 7, 1000]);
  expect([parseDuration('90s'), parseDuration('6h'), parseDuration('2d'), parseDuration('1.5min')]).toEqual([90_000, 21_600_000, 172_800_000, 90_000]);
  for (const text of ['', 'MiB', '1 XB', '-1', '1,5GB']) expect(() => parseSize(text), text).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }) as Error);
  for (const text of ['', '5', 'h', '5 years']) expect(() => parseDuration(text), text).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }) as Error);
});

test('rates are bytes or bits a second, and nothing that could mean either', () => {
  expect([parseRate('2MiB/s'), parseRate('500KB/s'), parseRate(' 8 Mbit/s '), parseRate('1.5kbit/s'), parseRate('300B/s')]).toEqual([2_097_152, 500_000, 1_000_000, 187.5, 300]);
  for (const text of ['', '2MiB', '2Mb/s', '2mbit/s', '2MB', '-1MB/s', 'MB/s']) expect(() => parseRate(text), text).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }) as Error);
  expect(formatRate(2_097_152)).toBe('2.0 MiB/s');
});

test('what a network says has words, too', () => {
  const error = (code: string): Error => Object.assign(new Error('getaddrinfo'), { code, errno: -3001, syscall: 'getaddrinfo' });
  expect([systemCode(error('EAI_AGAIN')), systemReason(error('EAI_AGAIN')), systemReason(error('ENOTFOUND'))]).toEqual(['EAI_AGAIN', "the server's name was not found", "the server's name was not found"]);
});

test('and written as people read them', () => {
  expect([0, 999, 1000, 1023, 1024, 10_240, 1_048_575, 1_048_576, 1.5 * 2 ** 40].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 KiB', '1.0 KiB', '1.0 KiB', '10.0 KiB', '1.0 MiB', '1.0 MiB', '1.5 TiB']);
  expect([1, 999, 1500, 59_000, 60_000, 3_661_000, 90_000_000].map(formatDuration)).toEqual(['1 ms', '999 ms', '1.5 s', '59 s', '1 min', '1 h 1 min', '1 d 1 h']);
  expect([formatCount(1, 'file'), formatCount(12_345, 'file')]).toEqual(['1 file', '12,345 files']);
});

test('numbers are shown as JavaScript shows them in English', () => {
  const numbers = [0, 7, 42, 999, 1000, 12_345, 999_999, 1_000_000, 47_762_123, -1, -123, -1234, Number.MAX_SAFE_INTEGER];
  expect(numbers.map(formatNumber)).toEqual(numbers.map((number) => number.toLocaleString('en-US')));
});

test('a secret is hidden in every form in which it may be shown', () => {
  registerSecret('p"ss wörd/1');
  for (const text of ['p"ss wörd/1', JSON.stringify({ key: 'p"ss wörd/1' }), `?key=${encodeURIComponent('p"ss wörd/1')}`]) {
    expect(redact(text)).toContain('***');
    expect(redact(text)).not.toMatch(/w(ö|%C3%B6)rd/);
  }
  expect(redact('nothing in it')).toBe('nothing in it');
});

test('errors: an exit code each, and words for what the system says', () => {
  expect(new BatError('PLAN_LOCKED', 'x').exitCode).toBe(11);
  expect(Object.values(exitCodes).every((code) => [1, 2, 3, 4, 10, 11, 12, 75, 130].includes(code))).toBe(true);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect([systemCode(full), systemReason(full)]).toEqual(['ENOSPC', 'no space left on the disk']);
  expect(systemCode(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeUndefined();
});

test.runIf(process.platform === 'linux')('errors: what the kernel says and Node has no code for is still a system error', () => {
  const unnamed = (number: number) => Object.assign(new Error(`Unknown system error -${number}: Unknown system error -${number}, open '/x'`), { errno: -number, code: `Unknown system error -${number}`, syscall: 'open', path: '/x' });
  expect([117, 116, 135].map((number) => systemCode(unnamed(number)))).toEqual(['EUCLEAN', 'ESTALE', 'E135']);
  expect([117, 116, 135].map((number) => systemReason(unnamed(number)))).toEqual(['the file system is damaged', 'the network file handle is stale', 'the system reported its error number 135']);
  const known = Object.assign(new Error("ENOTEMPTY: directory not empty, rmdir '/x'"), { errno: -39, code: 'ENOTEMPTY', syscall: 'rmdir' });
  expect(systemReason(known)).toBe('directory not empty');
  for (const other of [undefined, null, 'EIO', new Error('x'), Object.assign(new Error('x'), { errno: 5, code: 'ERR_SQLITE_ERROR' })]) expect(systemCode(other)).toBeUndefined();
});
