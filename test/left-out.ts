/**
 * A reporter that says at the end which suites were left out because a program they hold bat to is not there, and how to get it.
 * It goes by their names: `… (skipped: not installed: PROGRAM, PROGRAM; …)`, as `missingPrograms` words it.
 */
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** By program, the Debian package that has it, as in `.ci/run`. */
const packages: Record<string, string> = {
  age: 'age',
  zstd: 'zstd',
  bsdtar: 'libarchive-tools',
  rsync: 'rsync',
  python3: 'python3',
  curl: 'curl',
  openssl: 'openssl',
  chromium: 'chromium',
  tmux: 'tmux',
  strace: 'strace',
  radosgw: 'radosgw',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
};

export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const report = leftOutReport(modules.flatMap((module) => leftOut(module).map(({ name }) => ({ file: module.relativeModuleId, name }))));
    if (report) process.stdout.write(report);
  }
}

/** What to print, or nothing if no program was missing. */
export function leftOutReport(skipped: readonly { file: string; name: string }[]): string {
  const suites = skipped.flatMap(({ file, name }) => {
    const [, title, programs] = /^(.*) \(skipped: .*?not installed: ([\w, -]+)/.exec(name) ?? [];
    return title === undefined ? [] : [{ line: `  ${file}: ${title}`, programs: programs!.split(', ') }];
  });
  if (suites.length === 0) return '';
  const programs = [...new Set(suites.flatMap((suite) => suite.programs))].sort();
  const lines = [
    `Left out, for want of ${programs.join(', ')}:`,
    ...suites.map(({ line }) => line),
    'To run them too:',
    `  apt-get install -y --no-install-recommends ${programs.map((program) => packages[program] ?? program).join(' ')}`,
  ];
  return `\n${lines.join('\n')}\n\n`;
}

/** The outermost suites that were skipped, and skipped tests outside of them. */
function leftOut(parent: TestModule | TestSuite): (TestCase | TestSuite)[] {
  return parent.children.array().flatMap((child) => {
    if (child.type === 'test') return child.result().state === 'skipped' ? [child] : [];
    return child.state() === 'skipped' ? [child] : leftOut(child);
  });
}
