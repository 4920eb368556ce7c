import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missingPrograms } from './e2e/judges.ts';
import { leftOutReport } from './left-out.ts';

test('what was left out is named, with the command that brings the programs', () => {
  const skipped = [
    { file: 'test/a.test.ts', name: 's3 on Ceph RGW (skipped: not installed: radosgw, ceph-osd; set BAT_NO_SKIP to make this a failure)' },
    { file: 'test/b.test.ts', name: 'a tree (skipped: not installed: bsdtar; set BAT_NO_SKIP to make this a failure)' },
    { file: 'test/c.test.ts', name: 'a disk that is full (skipped: mounting a tmpfs is not allowed here)' },
  ];
  expect(leftOutReport(skipped)).toBe(`
Left out, for want of bsdtar, ceph-osd, radosgw:
  test/a.test.ts: s3 on Ceph RGW
  test/b.test.ts: a tree
To run them too:
  apt-get install -y --no-install-recommends libarchive-tools ceph-osd radosgw

`);
  expect(leftOutReport(skipped.slice(2))).toBe('');
});

test('the reason that tests put into their names is understood; where nothing may be left out there is none', () => {
  const reason = missingPrograms('sh', 'no-such-program');
  if (process.env['BAT_NO_SKIP']) expect(reason).toBe(null);
  else expect(leftOutReport([{ file: 'test/a.test.ts', name: `a suite (skipped: ${reason})` }])).toContain('for want of no-such-program:');
});

test('continuous integration has the same packages', () => {
  const table = /packages=\(([^)]*)\)/.exec(readFileSync('.ci/run', 'utf8'))![1]!;
  const packages = [...table.matchAll(/\[([\w-]+)\]=([\w-]+)/g)].map(([, program, name]) => ({ program, name }));
  expect(packages.map(({ program }) => program)).toEqual(expect.arrayContaining(['age', 'rsync', 'radosgw', 'ceph-mon', 'ceph-osd']));
  for (const { program, name } of packages.filter(({ program }) => !['git', 'cc', 'make', 'curl', 'npm'].includes(program!))) {
    const report = leftOutReport([{ file: 'test/a.test.ts', name: `a suite (skipped: not installed: ${program}; …)` }]);
    expect(report).toContain(` ${name}\n`);
  }
});
