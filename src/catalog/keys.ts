/** Identities wrapped by a passphrase. The identity itself is never here. */
import { asBuffer } from './columns.ts';
import type { Catalog } from './catalog.ts';

export interface WrappedKey {
  id: string;
  /** Its public half. */
  recipient: string;
  /** The identity, as an age file that the passphrase opens. */
  wrapped: Buffer;
  salt: Buffer;
  /** A slow hash of the passphrase. */
  verifier: Buffer;
  /** ISO 8601, UTC. */
  created: string;
}

export class Keys {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** The newest first. */
  list(): WrappedKey[] {
    return this.#catalog.all('SELECT * FROM keys ORDER BY created DESC').map((row) => ({
      id: row['id'] as string,
      recipient: row['recipient'] as string,
      wrapped: asBuffer(row['wrapped']),
      salt: asBuffer(row['salt']),
      verifier: asBuffer(row['verifier']),
      created: row['created'] as string,
    }));
  }

  /** Survives a kill at once: nothing may be sealed to a key that could be lost. */
  add(key: WrappedKey): void {
    this.#catalog.run(
      'INSERT INTO keys (id, recipient, wrapped, salt, verifier, created) VALUES (?, ?, ?, ?, ?, ?)',
      key.id, key.recipient, key.wrapped, key.salt, key.verifier, key.created,
    );
    this.#catalog.flush();
  }
}
