/** A target of which is remembered what may lie there, so that it can be removed whatever happens; and what was done to it. */
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, Upload } from '../../targets/target.ts';

/** Of all instances over one place. */
export class Ledger {
  /** Objects that may be there: also those whose writing failed. */
  readonly names = new Set<string>();
  /** Begun, and neither ended nor given up. */
  readonly uploads = new Set<Upload>();
  /** An upload may have been begun. */
  hasUploads = false;
  /** What receipts said, by temperature. */
  readonly classes = new Map<PutOptions['temperature'], string>();
  calls = 0;
  /** Bytes. */
  sent = 0;
}

/** The signal is that of every call which brings none of its own. */
export class WatchedTarget implements Target {
  readonly #target: Target;
  readonly #ledger: Ledger;
  readonly #signal: AbortSignal;

  constructor(target: Target, ledger: Ledger, signal: AbortSignal) {
    this.#target = target;
    this.#ledger = ledger;
    this.#signal = signal;
  }

  get id(): string {
    return this.#target.id;
  }

  get type(): string {
    return this.#target.type;
  }

  get location(): string {
    return this.#target.location;
  }

  get capabilities(): TargetCapabilities {
    return this.#target.capabilities;
  }

  connect(options: { create: boolean; signal?: AbortSignal }): Promise<void> {
    this.#ledger.calls++;
    return this.#target.connect({ signal: this.#signal, ...options });
  }

  acceptsName(name: string): boolean {
    return this.#target.acceptsName(name);
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    this.#ledger.calls++;
    this.#ledger.sent += bytes.length;
    this.#ledger.names.add(name);
    return this.#noted(await this.#target.put(name, bytes, { signal: this.#signal, ...options }), options);
  }

  async open(name: string, options: OpenOptions): Promise<Upload> {
    this.#ledger.calls++;
    this.#ledger.hasUploads = true;
    return this.#watch(name, await this.#target.open(name, { signal: this.#signal, ...options }), options);
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    this.#ledger.calls++;
    const resumed = (await this.#target.resume?.(name, id, { signal: this.#signal, ...options })) ?? null;
    return resumed && { ...resumed, upload: this.#watch(name, resumed.upload, options) };
  }

  read(name: string, offset: number, length: number, signal = this.#signal): Promise<Uint8Array> {
    this.#ledger.calls++;
    return this.#target.read(name, offset, length, signal);
  }

  stat(name: string, signal = this.#signal): Promise<ObjectStat | null> {
    this.#ledger.calls++;
    return this.#target.stat(name, signal);
  }

  async inspect(name: string, signal = this.#signal): Promise<ObjectStat | null> {
    this.#ledger.calls++;
    return (await this.#target.inspect?.(name, signal)) ?? (await this.#target.stat(name, signal));
  }

  list(prefix: string, signal = this.#signal): AsyncIterable<ObjectStat> {
    this.#ledger.calls++;
    return this.#target.list(prefix, signal);
  }

  async remove(name: string, signal = this.#signal): Promise<void> {
    this.#ledger.calls++;
    await this.#target.remove(name, signal);
    this.#ledger.names.delete(name);
  }

  sweep(options: SweepOptions = {}): Promise<number> {
    this.#ledger.calls++;
    return this.#target.sweep({ signal: this.#signal, ...options });
  }

  async clock(signal = this.#signal): Promise<Date | null> {
    this.#ledger.calls++;
    return (await this.#target.clock?.(signal)) ?? null;
  }

  close(): Promise<void> {
    return this.#target.close();
  }

  #watch(name: string, upload: Upload, options: OpenOptions): Upload {
    const ledger = this.#ledger;
    const watched: Upload = {
      id: upload.id,
      write: (index, bytes) => {
        ledger.calls++;
        ledger.sent += bytes.length;
        return upload.write(index, bytes);
      },
      finish: async (size) => {
        ledger.calls++;
        ledger.names.add(name);
        const receipt = this.#noted(await upload.finish(size), options);
        ledger.uploads.delete(watched);
        return receipt;
      },
      abort: async () => {
        await upload.abort();
        ledger.uploads.delete(watched);
      },
    };
    ledger.uploads.add(watched);
    return watched;
  }

  #noted(receipt: Receipt, { temperature }: PutOptions): Receipt {
    if (receipt.storageClass !== undefined) this.#ledger.classes.set(temperature, receipt.storageClass);
    return receipt;
  }
}
