/** Other programs as judges of what bat stored and gave back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const environment = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** Why a test that needs these programs is to be skipped, or null. With BAT_NO_SKIP set it runs, and fails where it cannot. */
export function missingPrograms(...programs: string[]): string | null {
  if (process.env['BAT_NO_SKIP']) return null;
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}; set BAT_NO_SKIP to make this a failure`;
}

/**
 * What differs between two trees, a line each, by rsync: names, types, bytes, modes, owners, links and times. Times are compared in
 * seconds; `nanoseconds` compares the rest of them too, which Node can set only to about a quarter of a microsecond.
 */
export function differences(source: string, restored: string, { nanoseconds = false } = {}): string {
  const options = ['-aHn', '--checksum', '--itemize-changes', '--delete', ...(nanoseconds ? ['--modify-window=-1'] : [])];
  return execFileSync('rsync', [...options, `${source}/`, `${restored}/`], { env: environment, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

/** A copy of a tree with everything in it that a backup keeps. */
export function copyTree(source: string, copy: string): void {
  execFileSync('cp', ['-a', `${source}/.`, copy]);
}

/** What a shell command printed. Throws if any part of it failed, or said anything on standard error. */
export function shell(command: string, options: { folder: string; environment?: Record<string, string> }): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-ec', command], {
    cwd: options.folder,
    env: { ...environment, ...options.environment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0 || stderr !== '') throw new Error(`${command}\nleft with ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** Every file below a folder, hidden ones too, relative to it and sorted; none if it is not there. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Removes what a killed restore left under the names that it gives to what is not whole yet. */
export function removeTemporary(folder: string): void {
  for (const name of filesBelow(folder)) if (/(^|\/)\.bat-restore-[^/]*$/.test(name)) rmSync(join(folder, name));
}
