/** What lies where, as lines of JSON. */
import type { ShowItem, ShownPiece } from '../../actions/show/items.ts';
import { toJsonLine } from '../json-line.ts';

export function showJson(item: ShowItem): string {
  return toJsonLine(item.type, fieldsOf(item));
}

function fieldsOf(item: ShowItem): Record<string, unknown> {
  switch (item.type) {
    case 'source': {
      const { source, snapshots, first, last } = item;
      return { source, snapshots, first: first.id, last: last.id, files: last.files, bytes: last.bytes };
    }
    case 'snapshot': {
      const { snapshot, volumes, ownBytes } = item;
      const { id, source, run, time, files, bytes, tags } = snapshot;
      return { id, source, run, time, files, bytes, tags, protected: snapshot.protected, volumes, ownBytes };
    }
    case 'version': {
      const { source, entry, span, sha256, pieces } = item;
      const mode = entry.mode.toString(8).padStart(4, '0');
      return { source, ...entry, mode, ...(sha256 ? { sha256: sha256.toString('hex') } : {}), first: span.first.id, last: span.last.id, snapshots: span.count, pieces: pieces.map(pieceFields) };
    }
    case 'object': {
      const { object, total, used } = item;
      const { name, size, sha256, decoded, codec, level, frames, recipients, run, source, receipts } = object;
      return { name, size, sha256: sha256.toString('hex'), decoded, codec, ...(level > 0 ? { level } : {}), frames: frames.length, recipients, run, source, targets: receipts.map(({ target, parts, checksum, storageClass }) => ({ target, parts, checksum, storage_class: storageClass })), contentBytes: total, neededBytes: used };
    }
    case 'manifest': {
      const { type: _type, snapshot, ...fields } = item;
      return { snapshot: snapshot.id, ...fields };
    }
    case 'file': {
      const { source, path, size, bytes, span } = item;
      return { source, path, size, bytes, first: span.first.id, last: span.last.id, snapshots: span.count };
    }
    default: {
      const { type: _type, ...fields } = item;
      return fields;
    }
  }
}

function pieceFields({ position, length, offset, objects, chunks }: ShownPiece): Record<string, unknown> {
  return { position, length, offset, objects, chunks: chunks.map((chunk) => ({ sha256: chunk.sha256.toString('hex'), length: chunk.length, offset: chunk.offset })) };
}
