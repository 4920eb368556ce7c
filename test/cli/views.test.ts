import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { describe, expect, test } from 'vitest';
import type { BatEvent, SourceSummary, StepCounts } from '../../src/core/events.ts';
import { registerSecret } from '../../src/core/secrets.ts';
import { toJsonLine } from '../../src/cli/json-line.ts';
import { Output } from '../../src/cli/output.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { dryRunExitCode, dryRunToJson, showDryRun } from '../../src/cli/views/dry-run.ts';
import { eventsJsonView } from '../../src/cli/views/events-json.ts';
import { restoreView } from '../../src/cli/views/restore.ts';
import { runLinesView } from '../../src/cli/views/run-lines.ts';
import { showRunTable } from '../../src/cli/views/run-summary.ts';
import { runTreeView } from '../../src/cli/views/run-tree.ts';
import { cut, recordLines, tableLines } from '../../src/cli/views/table.ts';
import { wrap } from '../../src/cli/views/wrap.ts';
import { jsonLines } from './fixture.ts';

function stream(columns?: number): { output: Output; text: () => string } {
  const pipe = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns });
  let text = '';
  pipe.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const output = new Output(pipe as unknown as WriteStream, { environment: { NO_COLOR: '1' }, name: 'standard output', onClosed: () => {} });
  return { output, text: () => (pipe.read(), text) };
}

/** As much of a shell as views use. */
function fakeShell(columns?: number): { shell: Shell; out: () => string; err: () => string } {
  const out = stream(columns);
  const err = stream(columns);
  const emitJson: Shell['emitJson'] = (type, fields) => out.output.line(toJsonLine(type, fields));
  return { shell: { out: out.output, err: err.output, emitJson } as unknown as Shell, out: out.text, err: err.text };
}

const summary = (facts: Partial<SourceSummary> = {}): SourceSummary => ({
  status: 'done', files: 1234, bytes: 5e6, newFiles: 3, changedFiles: 2, removedFiles: 1, unreadFiles: 0, read: 4e6, stored: { usb: 1e6, cloud: 2e6 }, volumes: 1, duration: 1500, ...facts,
});

const progress = (counts: Partial<StepCounts>, source = 'docs'): BatEvent => ({ type: 'step-progress', source, step: 'tar', counts: { files: 0, bytes: 0, objects: 0, ...counts } });
const away: BatEvent = { type: 'retry', target: 'cloud', message: 'Target "cloud" cannot be reached.', reason: 'no answer (the connection was refused)', away: true, attempt: 2, wait: 30_000, left: 21_540_000 };
const backAgain: BatEvent = { type: 'target-back', target: 'cloud', after: 720_000 };
const end: BatEvent = { type: 'run-end', run: 'r', exitCode: 0, duration: 2000 };

test('sentences are broken at blanks, and go on below their beginning', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('one 長い名 three', 11, 2)).toEqual(['one', '  長い名', '  three']);
  expect(wrap('a whole sentence', Infinity)).toEqual(['a whole sentence']);
  expect(wrap('unbreakable word', 4)).toEqual(['unbreakable', 'word']);
});

describe('tables', () => {
  const columns = [{ title: 'name', least: 4 }, { title: 'size', align: 'right' as const }];

  test('put numbers to the right and names to the left', () => {
    expect(tableLines(columns, [['a', '1'], ['long name', '1,000']], 80)).toEqual(['name        size', 'a              1', 'long name  1,000']);
  });

  test('cut what may be cut until they fit, wide characters counted as two', () => {
    expect(tableLines(columns, [['長い名前です', '1']], 13)).toEqual(['name     size', '長い名…     1']);
    expect(cut('長い名', 4)).toBe('長…');
    expect(tableLines(columns, [['name of it', '123456']], 11)).toBeNull();
  });

  test('become records where nothing fits', () => {
    expect(recordLines([{ title: 'name' }, { title: 'size' }, { title: 'x' }], [['a', '1', '2']])).toEqual(['a', '  size  1', '  x     2']);
  });

  test('no line is longer than it may be', () => {
    for (const width of [1, 2, 5, 9]) expect([...cut('a long text', width)].length).toBeLessThanOrEqual(width);
  });
});

describe('the summary of a run', () => {
  const summaries = new Map([['documents', summary()], ['photos', summary({ status: 'failed' })]]);

  test.each([100, 80, 60, 30])('is no wider than a terminal of %i columns', (width) => {
    const { output, text } = stream(width);
    showRunTable(output, summaries, 1);
    for (const line of text().split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(text()).toContain('1,234');
    expect(text()).toContain('failed');
  });

  test('takes less room before it gives up being a table', () => {
    const { output, text } = stream(80);
    showRunTable(output, summaries, 1);
    expect(text()).toMatch(/^documents +1,234 +4\.8 MiB +\+3 ~2 -1 +3\.8 MiB +977 KiB +1\.9 MiB +1\.5 s$/m);
  });

  test('adds up what there is several of', () => {
    const { output, text } = stream();
    showRunTable(output, new Map([['a', summary()], ['b', summary()]]), 0);
    expect(text()).toMatch(/^all +2,468 +9\.5 MiB +6 +4 +2 +7\.6 MiB +1\.9 MiB +3\.8 MiB +3\.0 s$/m);
  });
});

describe('a run in lines', () => {
  test('says how far it is every half minute, not more often', () => {
    const { shell, out } = fakeShell();
    let now = 0;
    const view = runLinesView(shell, { progress: true, quiet: false, now: () => now });
    for (; now <= 65_000; now += 500) view.emit(progress({ files: now, bytes: now * 1000, totalFiles: 1e6, totalBytes: 1e9 }));
    expect(out().trim().split('\n')).toEqual([expect.stringMatching(/^docs: 30,000 of 1,000,000 files · .* left$/), expect.stringMatching(/^docs: 60,000 /)]);
  });

  test('names of files cannot paint on the terminal', () => {
    const { shell, err } = fakeShell();
    runLinesView(shell, { progress: false, quiet: true }).emit({ type: 'issue', source: 'docs', issue: { kind: 'unread', path: 'a\u001b[2Jb', message: 'permission denied' } });
    expect(err()).toBe('warning: docs: a\\u001b[2Jb: permission denied\n');
  });

  test('hides secrets', () => {
    registerSecret('hunter2-hunter2');
    const { shell, err } = fakeShell();
    runLinesView(shell, { progress: false, quiet: false }).emit({ type: 'error', code: 'COMMAND_FAILED', message: 'it said hunter2-hunter2' });
    expect(err()).toBe('error: it said ***\n');
  });
});

test('after a tree the first twenty warnings are shown, and where the rest is', () => {
  const { shell, out, err } = fakeShell(80);
  const view = runTreeView(shell, 'logs');
  for (let count = 1; count <= 23; count++) view.emit({ type: 'issue', source: 'docs', issue: { kind: 'unread', path: `f${count}`, message: 'no' } });
  view.emit({ type: 'error', code: 'SOURCE_MISSING', message: 'It is gone.', hint: 'Mount it.' });
  expect(err()).toBe('');
  view.emit(end);
  expect(view.finish()).toBe(true);
  const lines = err().trimEnd().split('\n');
  expect(lines).toHaveLength(23);
  expect(lines.slice(19)).toEqual(['warning: docs: f20: no', 'and 3 more; all of them are in logs', 'error: It is gone.', 'hint: Mount it.']);
  expect(out()).toBe('done in 2.0 s\n');
});

describe('json', () => {
  test('a status five times a second at the most, with what is left', () => {
    const { shell, out } = fakeShell();
    let now = 0;
    const view = eventsJsonView(shell, () => now);
    for (; now <= 4000; now += 10) view.emit(progress({ files: now / 10, bytes: now * 100, totalFiles: 1000, totalBytes: 1e6 }));
    const lines = jsonLines(out());
    expect(lines.length).toBe(21);
    expect(lines.at(-1)).toEqual({
      message_type: 'status', source: 'docs', step: 'tar', seconds_elapsed: 4, seconds_remaining: 6, percent_done: 0.4, total_files: 1000, files_done: 400, total_bytes: 1e6, bytes_done: 4e5, bytes_per_second: 1e5,
    });
  });

  test('a failed target, a retry and an odd name each in a line of their own', () => {
    const { shell, out } = fakeShell();
    const view = eventsJsonView(shell);
    view.emit({ type: 'target-failed', target: 'usb', code: 'TARGET_FULL', message: 'full' });
    view.emit({ type: 'retry', target: 'usb', message: 'm', attempt: 2, wait: 1500 });
    view.emit({ type: 'issue', source: 'docs', issue: { kind: 'changed', path: 'a\n\udcff', message: 'm' } });
    expect(jsonLines(out())).toEqual([
      { message_type: 'target_failed', target: 'usb', code: 'TARGET_FULL', message: 'full' },
      { message_type: 'retry', target: 'usb', message: 'm', attempt: 2, wait_seconds: 1.5 },
      { message_type: 'issue', source: 'docs', kind: 'changed', path: 'a\n\udcff', message: 'm' },
    ]);
  });
});

describe('a restore', () => {
  test('moves one line on a terminal, never wider than it', () => {
    const { shell, out } = fakeShell(40);
    const view = restoreView(shell, { quiet: false });
    view.emit({ type: 'restore-progress', files: 10, totalFiles: 100_000, bytes: 1e9, totalBytes: 1e12, fetched: 1e9 });
    view.emit({ type: 'restore-progress', files: 20, totalFiles: 100_000, bytes: 2e9, totalBytes: 1e12, fetched: 2e9 });
    view.finish();
    const shown = out().split('\r\u001b[2K');
    expect(shown).toHaveLength(4);
    expect(out()).not.toContain('\n');
    for (const line of shown) expect(line.length).toBeLessThan(40);
  });

  test('what is doubtful and was accepted is said on a terminal, too: no error at the end names it', () => {
    const { shell, err } = fakeShell(80);
    const view = restoreView(shell, { quiet: true });
    view.emit({ type: 'issue', target: 'usb', issue: { kind: 'doubtful', message: 'It was rolled back. It is taken all the same.' } });
    restoreView(shell, { quiet: false }).emit({ type: 'issue', target: 'usb', issue: { kind: 'doubtful', message: 'It is forged. It is taken all the same.' } });
    expect(err()).toContain('warning: usb: It was rolled back.');
    expect(err()).toContain('warning: usb: It is forged.');
  });

  test('what it ends with is not said twice', () => {
    const { shell, err } = fakeShell();
    const view = restoreView(shell, { quiet: false });
    view.emit({ type: 'issue', target: 'usb', issue: { kind: 'note', path: 'manifests/a', message: 'manifests/a cannot be opened' } });
    view.emit({ type: 'issue', target: 'usb', issue: { kind: 'note', path: 'manifests/b', message: 'manifests/b cannot be opened' } });
    view.finish(new Error('manifests/a cannot be opened'));
    expect(err()).toBe('');
    view.emit({ type: 'target-failed', target: 'usb', code: 'TARGET_UNREACHABLE', message: 'It is not there.' });
    view.finish();
    expect(err()).toBe('warning: target usb is passed over: It is not there.\n');
  });
});

describe('a dry run', () => {
  const report: Parameters<typeof showDryRun>[1] = {
    plan: 'home',
    sources: [
      { source: 'docs', category: '', files: 10, bytes: 1000, newFiles: 1, changedFiles: 2, removedFiles: 3, toRead: 500, newVolumes: 1, issues: [{ kind: 'unread', path: 'x', message: 'no' }] },
      { source: 'gone', category: '', files: 0, bytes: 0, newFiles: 0, changedFiles: 0, removedFiles: 0, toRead: 0, newVolumes: 0, issues: [], error: { code: 'SOURCE_MISSING', message: 'It is gone.', hint: 'Mount it.' } },
    ],
    targets: [
      { target: 'usb', location: '/mnt/usb', type: 'file', reachable: true, sends: 500, objects: 3, stored: 2000, copies: { objects: 0, bytes: 0 }, removes: { objects: 1 } },
      { target: 'nas', location: '/mnt/nas', type: 'file', reachable: false, problem: 'It is not mounted.', sends: 0, objects: 0, stored: 0, copies: { objects: 0, bytes: 0 }, removes: { objects: 0 } },
    ],
    forgets: null,
  notes: ['A note.'],
  };

  test('shows both tables, what stands in the way, and the notes', () => {
    const { shell, out, err } = fakeShell();
    showDryRun(shell, report, false);
    expect(out()).toMatch(/^docs +10 +1\.0 KiB +1 +2 +3 +500 B +1$/m);
    expect(out()).toMatch(/^gone +fails$/m);
    expect(out()).toMatch(/^usb +file +\/mnt\/usb +2\.0 KiB +500 B +– +1 object$/m);
    expect(out()).toContain('A note.');
    expect(err()).toBe('warning: docs: x: no\nerror: gone: It is gone.\nhint: Mount it.\nerror: nas: It is not mounted.\n');
  });

  test('ends as a run would that finds the same', () => {
    const [docs, gone] = report.sources;
    const [usb, nas] = report.targets;
    expect(dryRunExitCode(report)).toBe(1);
    expect(dryRunExitCode({ ...report, sources: [docs!] })).toBe(4);
    expect(dryRunExitCode({ ...report, sources: [docs!], targets: [usb!] })).toBe(3);
    expect(dryRunExitCode({ ...report, sources: [{ ...docs!, issues: [] }], targets: [usb!] })).toBe(0);
    expect(dryRunExitCode({ ...report, sources: [{ ...gone!, error: { code: 'SECRET_UNAVAILABLE', message: '' } }] })).toBe(2);
    expect(dryRunExitCode({ ...report, sources: [docs!], targets: [nas!] })).toBe(1);
  });

  test('as json: a line a source and a target, then the summary', () => {
    const { shell, out } = fakeShell();
    dryRunToJson(shell, report);
    expect(jsonLines(out()).map((line) => line['message_type'])).toEqual(['issue', 'dry_run_source', 'dry_run_source', 'dry_run_target', 'dry_run_target', 'summary']);
    expect(jsonLines(out())[1]).toMatchObject({ source: 'docs', to_read: 500, new_volumes: 1 });
  });
});

describe('a target that does not answer', () => {
  const line = "cloud: no answer (the connection was refused); trying again in 30 s, for 5 h 59 min more";

  test('is told once by a run in lines, and that it is back', () => {
    const { shell, out, err } = fakeShell();
    const view = runLinesView(shell, { progress: false, quiet: false });
    for (const event of [away, { ...away, attempt: 3, repeated: true } as const, backAgain]) view.emit(event);
    expect([err(), out()]).toEqual([`warning: ${line}\n`, 'cloud: back after 12 min\n']);
  });

  test('is told after a run on a terminal, and while a restore goes on', () => {
    const tree = fakeShell(100);
    const view = runTreeView(tree.shell, null);
    for (const event of [away, { ...away, repeated: true } as const, backAgain]) view.emit(event);
    view.finish();
    expect(tree.err()).toBe(`warning: ${line}\nnote: cloud: back after 12 min\n`);
    const restoring = fakeShell();
    restoreView(restoring.shell, { quiet: false }).emit(away);
    expect(restoring.err()).toBe(`warning: ${line}\n`);
  });

  test('is told to programs each time', () => {
    const { shell, out } = fakeShell();
    const view = eventsJsonView(shell);
    for (const event of [away, { ...away, repeated: true } as const, backAgain, { type: 'target-waits', target: 'cloud', until: '2026-06-01T22:00:00.000Z' } as const]) view.emit(event);
    const retry = { message_type: 'retry', target: 'cloud', message: 'Target "cloud" cannot be reached.', reason: 'no answer (the connection was refused)', away: true, attempt: 2, wait_seconds: 30, seconds_left: 21_540 };
    expect(jsonLines(out())).toEqual([
      retry,
      retry,
      { message_type: 'target_back', target: 'cloud', after_seconds: 720 },
      { message_type: 'target_waits', target: 'cloud', until: '2026-06-01T22:00:00.000Z' },
    ]);
  });
});
