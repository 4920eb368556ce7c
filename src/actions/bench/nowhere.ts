/** A target that takes bytes as the one of the plan would, and keeps none. */
import { BatError } from '../../core/errors.ts';
import type { ObjectStat, OpenOptions, Receipt, Target, TargetCapabilities, Upload } from '../../targets/target.ts';

export class Nowhere implements Target {
  readonly id: string;
  readonly type: string;
  readonly location = 'nowhere';
  readonly capabilities: TargetCapabilities;
  readonly #like: Target;

  /** `like` says in which parts it wants its objects, and what it calls a name. Nothing is asked of it. */
  constructor(like: Target) {
    this.id = like.id;
    this.type = like.type;
    this.capabilities = like.capabilities;
    this.#like = like;
  }

  async connect(): Promise<void> {}

  acceptsName(name: string): boolean {
    return this.#like.acceptsName(name);
  }

  async put(name: string, bytes: Uint8Array): Promise<Receipt> {
    return { name, size: bytes.length, parts: 1 };
  }

  async open(name: string, _options: OpenOptions): Promise<Upload> {
    return { write: async () => {}, finish: async (size) => ({ name, size, parts: 1 }), abort: async () => {} };
  }

  async read(name: string): Promise<Uint8Array> {
    throw new BatError('OBJECT_MISSING', `There is no object ${name}.`);
  }

  async stat(): Promise<ObjectStat | null> {
    return null;
  }

  async *list(): AsyncGenerator<ObjectStat> {}

  async remove(): Promise<void> {}

  async sweep(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    await this.#like.close();
  }
}
