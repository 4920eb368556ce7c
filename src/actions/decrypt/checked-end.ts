/** What is not sealed may have been cut off where nothing shows it but the content: a tar and a manifest have an end. */
import { damagedObject } from '../../volume/damage.ts';
import type { Download } from './downloads.ts';

/** Two zero blocks, or the last line of a manifest. */
const mostKept = 1024;

/** The same bytes. Throws OBJECT_DAMAGED behind the last of them. */
export async function* checkedEnd(content: AsyncIterable<Uint8Array>, { name, plainName }: Download): AsyncGenerator<Uint8Array> {
  let end = Buffer.alloc(0);
  for await (const piece of content) {
    end = Buffer.from(piece.length >= mostKept ? piece.subarray(-mostKept) : Buffer.concat([end, piece]).subarray(-mostKept));
    yield piece;
  }
  if (plainName.endsWith('.tar') && (end.length < mostKept || end.some((byte) => byte !== 0))) throw damagedObject(name, 'the tar in it has no end: it was cut off');
  if (plainName.endsWith('.jsonl') && !/(^|\n)\{"end":[^\n]*\n$/.test(end.toString('latin1'))) throw damagedObject(name, 'the manifest in it has no end: it was cut off');
}
