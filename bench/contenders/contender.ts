/** What the benchmark asks of a program that makes backups. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measure.ts';
import type { Program } from '../programs.ts';

export const contenderNames = ['bat', 'restic', 'borg', 'pipe'] as const;
export type ContenderName = (typeof contenderNames)[number];

export interface Contender {
  /** The programs that it needs. */
  programs: readonly Program[];
  /** Away with all that it stored and remembers; then an empty store, where it wants one. Not measured. */
  reset(): Promise<void>;
  backup(): Command;
  /** All of the last backup into this folder, which is there and empty. */
  restore(to: string): Command;
  /** The folder in it that is the tree then. */
  restored(to: string): string;
  /** Bytes of all that it stored. */
  stored(): number;
}

/** Where a contender keeps its things, what it backs up, and with which key. */
export interface Place {
  folder: string;
  tree: string;
  /** A file with an age identity. */
  key: string;
  /** The public half of it. */
  recipient: string;
}

/** Bytes of all regular files. */
export function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
