/** The signed list of a target, written. What it is, and how it is read: signed-list.ts. */
import { listVersion, sha256OfList, type SignedList } from './signed-list.ts';
import type { Signer } from './signing.ts';

export function encodeSignedList(list: Omit<SignedList, 'signer'>, signer: Signer): Buffer {
  const { plan, store, serial, time, succeeds, manifests } = list;
  const document = { list: listVersion, plan, store, signer: signer.publicKey, serial, time, ...(succeeds.length > 0 ? { succeeds } : {}), manifests };
  return Buffer.from(`${JSON.stringify({ ...document, signature: signer.sign('list', sha256OfList(document)) })}\n`);
}
