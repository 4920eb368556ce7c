/** What serve.yaml says, in the form that the server uses: paths absolute, sizes in bytes, times in milliseconds. */

export type Right = 'read' | 'add' | 'delete';

export interface ServeSettings {
  /** Absolute. */
  file: string;
  listen: ListenAddress;
  /** Files in PEM. */
  tls: { certificate: string; key: string } | null;
  /** Folders of the library, by their ids. */
  library: readonly LibraryFolder[];
  /** Where the objects of `http` targets lie: a folder for each plan below `path`. */
  stores: { path: string; quota: number | null } | null;
  /** Files of plans that the page shows. */
  plans: readonly string[];
  /** Without any, whoever can reach the server may do all. */
  users: readonly UserSettings[];
  limits: ServeLimits;
  /** The folder for the hash table and sessions. */
  state: string;
  /** How often the library is looked through by itself. */
  sync: number;
}

export interface ListenAddress {
  /** A name or an address, IPv6 without brackets. */
  host: string;
  /** 0 is any free one. */
  port: number;
}

export interface LibraryFolder {
  id: string;
  path: string;
  /** The most bytes that uploads may bring it to. */
  quota: number | null;
}

export interface UserSettings {
  name: string;
  /** SHA-256 of each token, 32 bytes. */
  tokens: readonly Buffer[];
  rights: ReadonlySet<Right>;
  /** Ids of the folders that the user is kept to; null for all. */
  library: ReadonlySet<string> | null;
  /** Names of the plans whose stores the user is kept to; null for all. */
  stores: ReadonlySet<string> | null;
  /** The most bytes that the user may bring in all. */
  quota: number | null;
}

export interface ServeLimits {
  /** The largest single file. */
  upload: number;
  connections: number;
  /** A request that gives and takes no byte for so long is ended. */
  idle: number;
  /** Bytes that are always left free on a disk. */
  keepFree: number;
}
