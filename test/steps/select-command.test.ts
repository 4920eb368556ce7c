import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { registerSecret } from '../../src/core/secrets.ts';
import { LastLines } from '../../src/steps/select/last-lines.ts';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { grow, selectFrom, temporaryFolder } from './select-fixture.ts';

const node = process.execPath;

function selectOutput(command: readonly string[], more: { shell?: boolean; folder?: string; signal?: AbortSignal } = {}) {
  const { signal, ...rest } = more;
  return selectFrom({ command, shell: false, as: 'app.dump', folder: temporaryFolder(), ...rest }, {}, signal ? { signal } : {});
}

/** The one entry, and the bytes of its stream. */
async function read(item: SelectedEntry | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of item!.stream!) parts.push(part);
  return Buffer.concat(parts);
}

describe('the output of a command', () => {
  test('is one file of unknown length, streamed whole', async () => {
    const select = selectOutput([node, '-e', 'process.stdout.write(Buffer.alloc(3_000_000, 0xff))']);
    const before = BigInt(Date.now()) / 1000n;
    const walked = await select.walk();
    expect(walked.given).toHaveLength(1);
    const [item] = walked.given;
    expect(item).toMatchObject({
      entry: { path: 'app.dump', type: 'file', mode: 0o600, uid: process.getuid!(), gid: process.getgid!(), size: 0 }, stamp: '', absolute: '', before: false,
    });
    expect(BigInt(item!.entry.mtime.split('.')[0]!)).toBeGreaterThanOrEqual(before);
    expect((await read(item)).equals(Buffer.alloc(3_000_000, 0xff))).toBe(true);
    expect(walked.counted).toEqual({ files: 1, bytes: 3_000_000 });
    expect(walked.expected).toEqual({ files: 1, bytes: 0 });
  });

  test('comes from the folder of the plan, without a shell unless it is asked for', async () => {
    const folder = temporaryFolder();
    grow(folder, { here: 'found' });
    expect((await read((await selectOutput(['cat', 'here'], { folder }).walk()).given[0])).toString()).toBe('found');
    expect((await read((await selectOutput(['echo', '$((1+1))']).walk()).given[0])).toString()).toBe('$((1+1))\n');
    expect((await read((await selectOutput(['echo $((1+1)) | cat'], { shell: true }).walk()).given[0])).toString()).toBe('2\n');
  });

  test('does not become nothing in silence', async () => {
    const folder = temporaryFolder();
    grow(folder, { dump: '' });
    const select = selectOutput(['cat', 'dump'], { folder });
    const next = async (size: number): Promise<string> => {
      const [item] = (await select.walk()).given;
      // What it was the time before.
      select.draft.kept.set('app.dump', { ...item!, entry: { ...item!.entry, size } });
      const [again] = (await select.walk()).given;
      return (await read(again)).toString();
    };
    expect(await next(0)).toBe('');
    await expect(next(7)).rejects.toMatchObject({ code: 'SOURCE_MISSING', message: 'The command of the source "documents" wrote nothing, but it did before: cat dump' });
    grow(folder, { dump: 'whole' });
    expect(await next(7)).toBe('whole');
  });

  test('is not started before it is read, and is no faster than its reader', async () => {
    const folder = temporaryFolder();
    const script = `
      const fs = require('node:fs');
      fs.writeFileSync('started', '');
      for (let part = 0; part < 128; part++) { fs.writeSync(1, Buffer.alloc(1 << 20)); fs.writeFileSync('written', String(part + 1)); }`;
    const { given } = await selectOutput([node, '-e', script], { folder }).walk();
    expect(existsSync(join(folder, 'started'))).toBe(false);
    let length = 0;
    for await (const part of given[0]!.stream!) {
      length += part.length;
      const written = existsSync(join(folder, 'written')) ? Number(readFileSync(join(folder, 'written'), 'utf8')) : 0;
      expect(written * (1 << 20) - length).toBeLessThan(8 << 20);
    }
    expect(length).toBe(128 << 20);
  });

  test('replaces whatever the snapshot before held', async () => {
    const folder = temporaryFolder();
    grow(folder, { 'app.dump/file': '', other: '' });
    const old = selectFrom(folder);
    await old.walk();
    const select = selectOutput(['true']);
    for (const [path, item] of old.draft.kept) select.draft.kept.set(path, item);
    expect((await select.walk()).removed).toEqual(['app.dump', 'other']);
    const again = await select.walk();
    expect([again.removed, again.given[0]!.before]).toEqual([[], true]);
  });
});

describe('a command that fails', () => {
  async function failure(command: readonly string[], more: { shell?: boolean; folder?: string } = {}): Promise<unknown> {
    const { given } = await selectOutput(command, more).walk();
    return read(given[0]).then(
      () => null,
      (error: unknown) => error,
    );
  }

  test('fails its stream at the end, with its exit code and its last words, without secrets', async () => {
    registerSecret('hunter2-secret');
    const script = 'for i in $(seq 1 30); do echo "line $i hunter2-secret" >&2; done; echo output; exit 7';
    const error = await failure([script], { shell: true });
    expect(error).toMatchObject({ name: 'BatError', code: 'COMMAND_FAILED', subject: 'documents' });
    const { message } = error as Error;
    expect(message).toContain('The command of the source "documents" failed with exit code 7');
    expect(message).toContain('line 30 ***');
    expect(message).toContain('line 11 ***');
    expect(message).not.toContain('line 10 ');
    expect(message).not.toContain('hunter2');
  });

  test('by a signal', async () => {
    expect(await failure(['kill -9 $$'], { shell: true })).toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringContaining('SIGKILL') });
  });

  test('because there is no such program, it may not be run, or its folder is gone', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'text'), '');
    expect(await failure(['no-such-program-anywhere'])).toMatchObject({ code: 'COMMAND_FAILED', hint: expect.stringContaining('PATH') });
    expect(await failure(['./text'], { folder })).toMatchObject({ code: 'COMMAND_FAILED', hint: expect.stringContaining('executable') });
    expect(await failure(['true'], { folder: join(folder, 'gone') })).toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringContaining('folder') });
  });
});

describe('a command that is not read to its end', () => {
  /** Writes the ids of the shell and of a child of it, then output without end. */
  const script = 'sleep 1000 & echo $$ $! > ids; exec 3>&1; yes';

  /** Gone, or a zombie that nobody has waited for yet. */
  function isGone(id: string): boolean {
    try {
      return readFileSync(`/proc/${id}/stat`, 'utf8').includes(') Z ');
    } catch {
      return true;
    }
  }

  test('is ended with all it started when the signal is aborted', async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    const { given } = await selectOutput([script], { shell: true, folder, signal: controller.signal }).walk();
    const reason = new Error('enough');
    await expect(async () => {
      for await (const part of given[0]!.stream!) if (part.length > 0) controller.abort(reason);
    }).rejects.toBe(reason);
    const ids = readFileSync(join(folder, 'ids'), 'utf8').trim().split(' ');
    await vi.waitFor(() => expect(ids.map(isGone)).toEqual([true, true]));
  });

  test('is ended too when it writes nothing, and when reading just stops', async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    const silent = await selectOutput(['echo $$ > ids; sleep 1000'], { shell: true, folder, signal: controller.signal }).walk();
    const reason = new Error('enough');
    const reading = expect(read(silent.given[0])).rejects.toBe(reason);
    await vi.waitFor(() => expect(readFileSync(join(folder, 'ids'), 'utf8')).not.toBe(''));
    controller.abort(reason);
    await reading;
    const [id] = readFileSync(join(folder, 'ids'), 'utf8').trim().split(' ');
    await vi.waitFor(() => expect(isGone(id!)).toBe(true));

    const loud = await selectOutput([script], { shell: true, folder }).walk();
    for await (const part of loud.given[0]!.stream!) if (part.length > 0) break;
    const ids = readFileSync(join(folder, 'ids'), 'utf8').trim().split(' ');
    await vi.waitFor(() => expect(ids.map(isGone)).toEqual([true, true]));
  });

  test('may tidy up before it ends, and complain', async () => {
    const folder = temporaryFolder();
    const tidy = "trap 'echo bye >&2; echo > tidied; exit' TERM; echo ready; while :; do sleep 0.01; done";
    const { given } = await selectOutput([tidy], { shell: true, folder }).walk();
    for await (const part of given[0]!.stream!) if (part.length > 0) break;
    expect(existsSync(join(folder, 'tidied'))).toBe(true);
  });

  test('is never started once the signal is aborted', async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    const { given } = await selectOutput(['touch started'], { shell: true, folder, signal: controller.signal }).walk();
    controller.abort(new Error('enough'));
    await expect(read(given[0])).rejects.toThrow('enough');
    expect(existsSync(join(folder, 'started'))).toBe(false);
  });
});

test('the last lines of endless text take little memory and never start inside a line', () => {
  const last = new LastLines(3);
  for (let number = 0; number < 20_000; number++) last.add(`line ${number}\n`);
  expect(last.lines()).toEqual(['line 19997', 'line 19998', 'line 19999']);
  const long = new LastLines(3);
  for (let number = 0; number < 1000; number++) long.add('x'.repeat(100));
  expect(long.lines().join('').length).toBeLessThan(40_000);
});
