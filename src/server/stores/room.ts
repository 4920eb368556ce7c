/** How much the stores may hold: what is there is counted once and kept true, and whatever comes is counted before a byte of it is read. */
import { lstat, opendir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { formatBytes } from '../../core/units.ts';
import type { User } from '../access/users.ts';
import { ServerError } from '../errors.ts';
import { isScratch } from './names.ts';

export interface RoomLimits {
  /** The folder of all stores. */
  path: string;
  /** Bytes of all stores; null for no limit. */
  quota: number | null;
  /** Bytes that are always left free on the disk. */
  keepFree: number;
}

/** So much of the disk is taken, whatever is in it: files of one byte must not fill a disk past its quota either. */
export const blockSize = 4096;
/** Milliseconds after which things are counted anew before something is refused: somebody may have made room by hand. */
const oldCount = 60_000;
/** Names that are asked for their size at a time. */
const atATime = 64;

export function onDisk(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / blockSize)) * blockSize;
}

export class Room {
  readonly #limits: RoomLimits;
  /** Bytes on the disk by plan; null before they are counted. */
  #used: Map<string, number> | null = null;
  #counting: Promise<void> | null = null;
  #countedAt = 0;
  /** Of what is taken, by plan, the bytes that may not be on the disk yet. */
  readonly #coming = new Map<string, number>();

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /**
   * Takes so much room for a plan, for what `user` sends. Whoever takes it calls `arrived` once it is on the disk or given up, and
   * `give` for what is not there in the end. Throws ServerError QUOTA, DISK_FULL.
   */
  async take(plan: string, bytes: number, user: User): Promise<void> {
    const isLimited = this.#limits.quota !== null || user.quota !== null;
    if (isLimited && !this.#used) await this.#count();
    if (isLimited && this.#refusal(bytes, user) && Date.now() - this.#countedAt > oldCount) await this.#count();
    const { bavail, bsize } = await statfs(this.#limits.path);
    // From here on nothing is waited for: those who ask at the same moment see each other.
    const refusal = this.#diskRefusal(bytes, bavail * bsize) ?? this.#refusal(bytes, user);
    if (refusal) throw refusal;
    if (this.#used) add(this.#used, plan, bytes);
    add(this.#coming, plan, bytes);
  }

  arrived(plan: string, bytes: number): void {
    add(this.#coming, plan, -bytes);
  }

  give(plan: string, bytes: number): void {
    if (this.#used) add(this.#used, plan, -bytes);
  }

  #diskRefusal(bytes: number, free: number): ServerError | null {
    const coming = [...this.#coming.values()].reduce((sum, more) => sum + more, 0);
    if (free - coming - bytes >= this.#limits.keepFree) return null;
    return new ServerError('DISK_FULL', `The disk of the server has no more room: ${formatBytes(this.#limits.keepFree)} of it are kept free.`, { hint: 'Make room there, or change `keep-free` in its settings.' });
  }

  /** What a user has in all is what lies in the stores that the user may use. */
  #refusal(bytes: number, user: User): ServerError | null {
    const all = [...(this.#used ?? [])];
    const sum = (plans: readonly (readonly [string, number])[]): number => plans.reduce((total, [, used]) => total + used, 0);
    const { quota } = this.#limits;
    if (quota !== null && sum(all) + bytes > quota) return full(`The stores of the server have used up their ${formatBytes(quota)}.`);
    if (user.quota !== null && sum(all.filter(([plan]) => isScratch(plan) || user.mayUseStore(plan))) + bytes > user.quota) return full(`${user.name} has used up the ${formatBytes(user.quota)} that the server allows.`);
    return null;
  }

  /** One count for all that wait for it. */
  async #count(): Promise<void> {
    this.#counting ??= countBelow(this.#limits.path).then((used) => {
      // What is on its way may have been seen, or not: so it counts as not seen, and never too little is counted.
      for (const [plan, bytes] of this.#coming) add(used, plan, bytes);
      this.#used = used;
      this.#countedAt = Date.now();
    });
    try {
      await this.#counting;
    } finally {
      this.#counting = null;
    }
  }
}

function add(sums: Map<string, number>, plan: string, bytes: number): void {
  const sum = (sums.get(plan) ?? 0) + bytes;
  if (sum > 0) sums.set(plan, sum);
  else sums.delete(plan);
}

function full(message: string): ServerError {
  return new ServerError('QUOTA', message, { hint: 'Prune what is old, or raise the quota in the settings of the server.' });
}

async function countBelow(path: string): Promise<Map<string, number>> {
  const used = new Map<string, number>();
  for await (const plan of await opendir(path)) if (plan.isDirectory()) used.set(plan.name, await sizeOf(join(path, plan.name)));
  return used;
}

/** Of all files in and below a folder; links are not followed. */
async function sizeOf(top: string): Promise<number> {
  let total = 0;
  const folders = [top];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let files: string[] = [];
    const addFiles = async (): Promise<void> => {
      for (const size of await Promise.all(files.map(diskSize))) total += size;
      files = [];
    };
    for await (const entry of await opendir(folder).catch(unlessGone)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        folders.push(path);
        total += blockSize;
      } else if (files.push(path) === atATime) {
        await addFiles();
      }
    }
    await addFiles();
  }
  return total;
}

/** Of a file with holes what is there of it. */
async function diskSize(file: string): Promise<number> {
  try {
    const { blocks } = await lstat(file);
    return onDisk(blocks * 512);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

function unlessGone(error: unknown): [] {
  if (systemCode(error) === 'ENOENT') return [];
  throw error;
}
