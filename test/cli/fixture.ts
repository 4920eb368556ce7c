/** bat as a program in a folder of its own, and a plan to use it on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

const program = join(import.meta.dirname, 'bat.ts');

/** Node need not strip the types of the same sources for each of many short programs. */
const compiled = mkdtempSync(join(tmpdir(), 'bat-compiled-'));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export interface Sandbox {
  folder: string;
  /** For a shell that starts bat itself: `"$NODE" "$BAT" …`. */
  around: Record<string, string>;
  bat(...words: string[]): Promise<Ended>;
  start(words: readonly string[], options?: { input?: string; environment?: Record<string, string> }): Started;
  write(files: Record<string, string>): void;
  remove(): void;
}

/** State, home and everything else lie in a temporary folder. */
export function sandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'bat-cli-'));
  const start: Sandbox['start'] = (words, { input = '', environment = {} } = {}) => {
    const { NO_COLOR: _none, FORCE_COLOR: _forced, BAT_PASSPHRASE: _secret, ...inherited } = process.env;
    const env = { ...inherited, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), TZ: 'UTC', NODE_COMPILE_CACHE: compiled, ...environment };
    const child = spawn(process.execPath, [program, ...words], { cwd: folder, env, stdio: 'pipe' });
    const ended = new Promise<Ended>((resolve, reject) => {
      const texts = { out: '', err: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...texts }));
    });
    child.stdin.on('error', () => {}).end(input);
    return { child, ended };
  };
  return {
    folder,
    around: { NODE: process.execPath, BAT: program, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), TZ: 'UTC', NODE_COMPILE_CACHE: compiled },
    bat: (...words) => start(words).ended,
    start,
    write: (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A plan that stores two folders on one disk, plain or for these recipients. */
export function planText(recipients: readonly string[] = []): string {
  return `version: 1
name: home
sources:
  docs: { path: docs }
  music: { path: music }
steps:
  - select
  - tar
  - compress
${recipients.length > 0 ? `  - encrypt: { to: [${recipients.join(', ')}] }\n` : ''}  - upload: { to: disk }
  - record: { log: logs }
targets:
  disk: { type: file, path: disk }
`;
}

export const someFiles = { 'docs/a.txt': 'first\n', 'docs/sub/b.txt': 'second\n', 'music/song.ogg': 'la la la\n' };

/** The environment in which a program of Node runs this module first. */
export function imports(module: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
