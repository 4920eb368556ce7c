/** What the server's library answers. Paths are `<folder>/<path>`, decoded; a folder's ends with a slash where the server is asked for it. */
import { request, requestJson } from './request.ts';

export interface Entry {
  name: string;
  type: 'file' | 'folder';
  size: number;
  /** Seconds since 1970, with a fraction. */
  mtime: string;
  sha256?: string;
}

/** One of the folders that the server keeps, and what is in it. */
export interface LibraryFolder {
  id: string;
  files: number;
  bytes: number;
  quota?: number;
}

export interface Listing {
  path: string;
  entries: Entry[];
  /** Where the next part of the list begins. */
  next?: string;
}

export interface Found {
  path: string;
  size: number;
  mtime: string;
  sha256?: string;
}

export interface SyncAnswer {
  added: number;
  renamed: number;
  removed: number;
  changed: number;
  unchanged: number;
  damaged: number;
  files: number;
  skipped: number;
  /** Some of what was skipped or damaged, in words. */
  notes: string[];
}

const encodedPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
export const fileUrl = (path: string): string => `/files/${encodedPath(path)}`;
export const downloadUrl = (path: string): string => `${fileUrl(path)}?download`;
/** Not every photo brings a small picture: then there is nothing. */
export const thumbnailUrl = (path: string): string => `/thumbnails/${encodedPath(path)}`;

export const listFolders = async (signal: AbortSignal): Promise<LibraryFolder[]> => (await requestJson<{ folders: LibraryFolder[] }>('GET', '/files', { signal })).folders;

/** One part of a folder's list. `path` without a slash at its end. */
export const listFolder = (path: string, after: string | undefined, signal: AbortSignal): Promise<Listing> =>
  requestJson('GET', `${fileUrl(path)}/`, { query: { after, limit: 5000 }, signal });

export const searchNames = (words: string, folder: string | undefined, limit: number, signal: AbortSignal): Promise<{ files: Found[]; more?: boolean }> =>
  requestJson('GET', '/search', { query: { q: words, folder, limit }, signal });

/** By hash (`sha256:…`), the path of each that the library has, or null for who may not read there. */
export interface Known {
  missing: string[];
  known: Record<string, string | null>;
}
export const checkHashes = (hashes: string[], signal: AbortSignal): Promise<Known> => requestJson('POST', '/check', { body: { hashes }, signal });

export const sync = (folder: string | undefined): Promise<SyncAnswer> => requestJson('POST', '/sync', { query: { folder } });

/** A file or folder as the person saw it: where its content is known, another one of that name is not touched. */
export interface Seen {
  path: string;
  type: Entry['type'];
  sha256: string | null;
}

export async function move({ path, sha256 }: Seen, to: string): Promise<void> {
  await request('PATCH', fileUrl(path), { body: { to }, headers: ifStill(sha256) });
}

/** A folder goes with all that is in it. */
export async function remove({ path, type, sha256 }: Seen): Promise<void> {
  await request('DELETE', fileUrl(path), { query: { recursive: type === 'folder' }, headers: ifStill(sha256) });
}

const ifStill = (sha256: string | null): Record<string, string> => (sha256 === null ? {} : { 'If-Match': `"${sha256}"` });

export async function makeFolder(path: string): Promise<void> {
  await request('POST', '/folders', { body: { path } });
}
