/** Where a restored file goes: straight to the disk where the browser lets a page do that, else gathered and given as a download. */
import { formatBytes } from '../../../src/core/units.ts';

export interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The person has the file. */
  finish(): Promise<void>;
  /** Nothing of it is left. Never throws. */
  abort(): Promise<void>;
}

/** The person closed the question where the file should go. */
export class NotChosen extends Error {}

type SavePicker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/** From here on a person is asked for a place, so that it need not be gathered. */
const large = 64 * 1024 * 1024;
/** What is gathered at the most: browsers put blobs to the disk, but not all of them. */
const largestGathered = 1024 * 1024 * 1024;
/** Gathered bytes become a blob each time, which the browser may put away. */
const blobSize = 16 * 1024 * 1024;

/** To be called while a click is handled. Throws NotChosen; an error in words for a file that is too large for this browser. */
export async function chooseSink(name: string, size: number): Promise<Sink> {
  const picker = (globalThis as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  const fileName = name.toWellFormed();
  if (size >= large && picker) return diskSink(await askForPlace(picker, fileName));
  if (size > largestGathered) {
    throw new Error(`${fileName} has ${formatBytes(size)}, and this browser can gather ${formatBytes(largestGathered)} at the most. Use a browser that saves straight to the disk (Chrome or Edge, with TLS), or "bat restore".`);
  }
  return new BlobSink(fileName);
}

async function askForPlace(picker: SavePicker, suggestedName: string): Promise<FileSystemFileHandle> {
  try {
    return await picker({ suggestedName });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw new NotChosen();
    throw error;
  }
}

/** The browser writes to a file beside it, and puts that in its place when it is closed. */
async function diskSink(handle: FileSystemFileHandle): Promise<Sink> {
  const stream = await handle.createWritable();
  return {
    write: (bytes) => stream.write(bytes),
    finish: () => stream.close(),
    abort: () => stream.abort().catch(() => undefined),
  };
}

class BlobSink implements Sink {
  readonly #name: string;
  readonly #blobs: Blob[] = [];
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= blobSize) this.#gather();
  }

  async finish(): Promise<void> {
    this.#gather();
    // Of no type that a browser would open in place of keeping it.
    const address = URL.createObjectURL(new Blob(this.#blobs, { type: 'application/octet-stream' }));
    const link = Object.assign(document.createElement('a'), { href: address, download: this.#name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  async abort(): Promise<void> {
    this.#blobs.length = 0;
    this.#pieces = [];
  }

  #gather(): void {
    this.#blobs.push(new Blob(this.#pieces));
    this.#pieces = [];
    this.#size = 0;
  }
}
