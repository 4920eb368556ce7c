/** The lines of a manifest as JSON. */
import { encodePath } from '../core/paths.ts';
import { manifestVersion, type ManifestChunk, type ManifestEntry, type ManifestLine } from './manifest.ts';

/** One line of JSON, newline included. */
export function encodeLine(line: ManifestLine): string {
  return line.kind === 'entry' ? encodeEntry(line.entry) : `${JSON.stringify(toJson(line))}\n`;
}

/** Put together by hand, in half the time: nearly all lines are entries. Only names may hold what JSON has to escape. */
function encodeEntry({ path, type, mode, uid, gid, mtime, size, link, sparse, sha256, chunks }: ManifestEntry): string {
  let line = `{${named('path', path)},"type":"${type}","uid":${uid},"gid":${gid},"mtime":"${mtime}","size":${size},"mode":"${modeText(mode)}"`;
  if (link !== undefined) line += `,${named('link', link)}`;
  if (sparse) line += ',"sparse":true';
  if (sha256 !== undefined) line += `,"sha256":"${sha256}"`;
  if (chunks) line += `,"chunks":[${encodeChunks(chunks)}]`;
  return `${line}}\n`;
}

function toJson(line: Exclude<ManifestLine, { kind: 'entry' }>): unknown {
  switch (line.kind) {
    case 'header': {
      const { top, ...rest } = line.header;
      return { manifest: manifestVersion, ...rest, ...(top && { top: { ...top, mode: modeText(top.mode) } }) };
    }
    case 'volume': {
      const { number, frames, ...rest } = line.volume;
      return { volume: number, ...rest, frames: frames.map((frame) => [frame.decoded, frame.stored]) };
    }
    case 'removed':
      return line.path.isWellFormed() ? { removed: line.path } : { removed64: base64(line.path) };
    case 'end':
      return { end: { volumes: line.volumes, entries: line.entries, removed: line.removed }, ...(line.signature === undefined ? {} : { signature: line.signature }) };
  }
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The only chunk of a file has the file's own hash, which need not stand there twice. */
function encodeChunks(chunks: readonly ManifestChunk[]): string {
  const [first] = chunks;
  if (chunks.length === 1 && first) return `[${first.volume},${first.offset},${first.length}]`;
  return chunks.map(({ volume, offset, length, sha256 }) => `[${volume},${offset},${length},"${sha256}"]`).join(',');
}

/** `"path":…`, or `"path64":…` with the bytes in base64 where the name is not text. */
function named(key: string, path: string): string {
  return path.isWellFormed() ? `"${key}":${JSON.stringify(path)}` : `"${key}64":"${base64(path)}"`;
}

function base64(path: string): string {
  return encodePath(path).toString('base64');
}
