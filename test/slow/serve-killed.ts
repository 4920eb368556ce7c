/** A real server that is killed, and clients that go on sending to whatever listens: what each of them was told is remembered. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Upload } from 'tus-js-client';
import { expect } from 'vitest';

const program = join(import.meta.dirname, '../cli/bat.ts');
const tusPiece = 128 * 1024;

export class KilledServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'bat-serve-killed-'));
  readonly #chance: () => number;
  #process: ChildProcess | null = null;
  #url = '';
  #number = 0;
  /** SHA-256 of each content that a client was told to be kept. */
  readonly told = new Set<string>();
  #contents: Buffer[] = [];
  /** Resumable uploads that were broken off: the path that they go on at, and what they send. */
  readonly #unfinished = new Map<string, Buffer>();
  /** Files that were read and found whole, by what they are on the disk. */
  readonly #whole = new Map<string, string>();
  finishedLater = 0;

  constructor(chance: () => number) {
    this.#chance = chance;
    for (const name of ['photos', 'documents']) mkdirSync(join(this.folder, name));
    writeFileSync(join(this.folder, 'serve.yaml'), 'version: 1\nlisten: 127.0.0.1:0\nlibrary: { photos: photos, documents: documents }\nstate: state\nlimits: { keep-free: 0 }\n');
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, 'serve', '--json', join(this.folder, 'serve.yaml')], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const { message_type: type, url } = JSON.parse(line) as { message_type: string; url?: string };
      if (type !== 'listening') continue;
      this.#url = url!;
      child.stdout.resume();
      return;
    }
    throw new Error('The server ended before it listened.');
  }

  async kill(): Promise<void> {
    const child = this.#process!;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  remove(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.#url), init);
  }

  /** Some clients send what they have, simply and resumably, until the server is gone. */
  async sendUntilGone(): Promise<void> {
    await Promise.all([this.#sendSimply(), this.#sendSimply(), this.#sendSimply(), this.#sendResumably(), this.#sendResumably()]);
  }

  /** Goes on with all that was broken off. What a client no longer wants is ended by it. */
  async finishAll(): Promise<void> {
    for (const [path, bytes] of this.#unfinished) {
      if (await this.#sendFile(bytes, path)) this.finishedLater++;
    }
    expect(this.#unfinished.size, 'uploads that could not be gone on with').toBe(0);
  }

  /** Every name has whole content, and nothing that somebody was told to be kept is missing. Returns all content that lies there. */
  expectNothingLost(context: string): Set<string> {
    const there = new Set<string>();
    for (const path of this.files()) {
      const { ino, size, mtimeNs } = lstatSync(path, { bigint: true });
      const key = `${ino} ${size} ${mtimeNs}`;
      let sha256 = this.#whole.get(key);
      if (sha256 === undefined) {
        sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
        expect(path, `${context}: a file is not what its name says`).toContain(sha256);
        this.#whole.set(key, sha256);
      }
      there.add(sha256);
    }
    for (const sha256 of this.told) expect(there.has(sha256), `${context}: ${sha256} was said to be kept`).toBe(true);
    return there;
  }

  files(): string[] {
    return ['photos', 'documents'].flatMap((folder) => readdirSync(join(this.folder, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.bat-uploads'))
      .map((entry) => join(entry.parentPath, entry.name)));
  }

  /** In the folders where uploads grow. */
  left(): string[] {
    return ['photos', 'documents'].flatMap((folder) => readdirSync(join(this.folder, folder, '.bat-uploads')));
  }

  async #sendSimply(): Promise<void> {
    for (;;) {
      const bytes = this.#next();
      const sha256 = hashOf(bytes);
      try {
        const answer = await this.request(`/upload?name=${this.#nameFor(sha256)}${this.#chance() < 0.5 ? `&hash=${sha256}` : ''}`, { method: 'POST', body: new Uint8Array(bytes) });
        const text = await answer.text();
        expect([200, 201], text).toContain(answer.status);
        this.told.add(sha256);
      } catch (error) {
        if (!isGone(error)) throw error;
        return;
      }
    }
  }

  async #sendResumably(): Promise<void> {
    for (const [path, bytes] of [...this.#unfinished].slice(0, 2)) {
      // The other one may have it.
      if (this.#chance() < 0.5 || !this.#unfinished.delete(path)) continue;
      if (!(await this.#sendFile(bytes, path))) return;
      this.finishedLater++;
    }
    while (await this.#sendFile(this.#next()));
  }

  /** False if the server went away. */
  async #sendFile(bytes: Buffer, path?: string): Promise<boolean> {
    const sha256 = hashOf(bytes);
    return new Promise((resolve, reject) => {
      const upload = new Upload(bytes, {
        endpoint: new URL('/uploads', this.#url).href,
        ...(path !== undefined && { uploadUrl: new URL(path, this.#url).href }),
        metadata: { name: decodeURIComponent(this.#nameFor(sha256)), hash: `sha256:${sha256}` },
        chunkSize: tusPiece,
        retryDelays: null as never,
        storeFingerprintForResuming: false,
        onSuccess: () => {
          if (upload.url) this.#unfinished.delete(new URL(upload.url).pathname);
          if (path !== undefined) this.#unfinished.delete(path);
          this.told.add(sha256);
          resolve(true);
        },
        onError: (error) => {
          const status = (error as { originalResponse?: { getStatus(): number } | null }).originalResponse?.getStatus();
          if (status !== undefined && status > 0) {
            reject(error);
            return;
          }
          if (path !== undefined) this.#unfinished.set(path, bytes);
          else if (upload.url) this.#unfinished.set(new URL(upload.url).pathname, bytes);
          resolve(false);
        },
      });
      upload.start();
    });
  }

  /** Mostly something new. */
  #next(): Buffer {
    const roll = this.#chance();
    if (roll < 0.2 && this.#contents.length > 0) return this.#contents[Math.floor(this.#chance() * this.#contents.length)]!;
    const size = roll < 0.8 ? 1 + this.#chance() * 50_000 : roll < 0.95 ? 300_000 : 2_000_000;
    const bytes = Buffer.alloc(Math.floor(size), `${++this.#number} ${this.#chance()} `);
    this.#contents = [...this.#contents.slice(-50), bytes];
    return bytes;
  }

  #nameFor(sha256: string): string {
    const folder = this.#chance() < 0.7 ? 'photos' : 'documents';
    return encodeURIComponent(`${folder}/${['', 'a/', 'a/b/'][Math.floor(this.#chance() * 3)]}${sha256}.bin`);
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** How fetch says that nobody answers any more. */
function isGone(error: unknown): boolean {
  return error instanceof TypeError;
}
