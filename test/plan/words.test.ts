import { expect, test } from 'vitest';
import { either, nearest, quote } from '../../src/plan/words.ts';

test('the nearest word is the one that was meant, and none if nothing is near', () => {
  expect(nearest('compres', ['compare', 'compress', 'composes'])).toBe('compress');
  expect(nearest('compres', ['compress', 'compare'])).toBe('compress');
  expect(nearest('EXCLUDE_CACHES', ['exclude', 'exclude-caches'])).toBe('exclude-caches');
  expect(nearest('tra', ['record', 'tar'])).toBe('tar');
  expect(nearest('tar', ['rat', 'tar'])).toBe('tar');
  expect(nearest('backup', ['select', 'tar'])).toBeUndefined();
  expect(nearest('x'.repeat(100_000), ['x'])).toBeUndefined();
});

test('words in a sentence', () => {
  expect(either([])).toBe('');
  expect(either(['a'])).toBe('a');
  expect(either(['a', 'b', 'c'])).toBe('a, b or c');
  expect(either(Array.from({ length: 50 }, (_, index) => `w${index}`))).toMatch(/w19 or 30 more$/);
  expect(quote('say "x"\n  twice')).toBe(`"say 'x' twice"`);
  expect(quote('a'.repeat(1000))).toHaveLength(62);
});
