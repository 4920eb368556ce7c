/** The lines of a manifest as JSON. */
import { encodePath } from '../core/paths.ts';
import { manifestVersion, type ManifestChunk, type ManifestLine } from './manifest.ts';

/** One line of JSON, newline included. */
export function encodeLine(line: ManifestLine): string {
  return `${JSON.stringify(toJson(line))}\n`;
}

function toJson(line: ManifestLine): unknown {
  switch (line.kind) {
    case 'header': {
      const { top, ...rest } = line.header;
      return { manifest: manifestVersion, ...rest, ...(top && { top: { ...top, mode: modeText(top.mode) } }) };
    }
    case 'volume': {
      const { number, frames, ...rest } = line.volume;
      return { volume: number, ...rest, frames: frames.map((frame) => [frame.decoded, frame.stored]) };
    }
    case 'entry': {
      const { path, mode, link, chunks, sha256, sparse, ...rest } = line.entry;
      return {
        ...named('path', path),
        ...rest,
        mode: modeText(mode),
        ...(link === undefined ? {} : named('link', link)),
        ...(sparse ? { sparse: true } : {}),
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(chunks ? { chunks: chunks.map((chunk) => encodeChunk(chunk, chunks.length === 1)) } : {}),
      };
    }
    case 'removed':
      return named('removed', line.path);
    case 'end':
      return { end: { volumes: line.volumes, entries: line.entries, removed: line.removed }, ...(line.signature === undefined ? {} : { signature: line.signature }) };
  }
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The only chunk of a file has the file's own hash, which need not stand there twice. */
function encodeChunk(chunk: ManifestChunk, only: boolean): (number | string)[] {
  const place = [chunk.volume, chunk.offset, chunk.length];
  return only ? place : [...place, chunk.sha256];
}

/** `path`, or `path64` with the bytes in base64 where the name is not text. */
function named(key: string, path: string): Record<string, string> {
  return path.isWellFormed() ? { [key]: path } : { [`${key}64`]: encodePath(path).toString('base64') };
}
