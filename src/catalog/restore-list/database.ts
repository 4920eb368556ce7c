/** The private database behind a restore's list. */
import { PrivateDatabase } from '../private-database.ts';

const tables = `
-- class: the storage class, where it is known. thaw: NULL until the target was asked, then 'readable', 'thawing' or 'cold'.
CREATE TABLE volumes (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL, name TEXT NOT NULL, layout TEXT NOT NULL, size INTEGER NOT NULL, class TEXT, thaw TEXT,
  UNIQUE (target, name)) STRICT;
-- volume, offset: where the only chunk of a file lies; it has the file's length and hash. chunks: of several, volume, offset, length and SHA-256 of each, packed.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, path ANY NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL, mtime TEXT NOT NULL, size INTEGER NOT NULL, link ANY, sparse INTEGER NOT NULL,
  sha256 BLOB, volume INTEGER, offset INTEGER, chunks BLOB, parts INTEGER NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (snapshot, path)) STRICT;
CREATE TABLE uses (
  volume INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL,
  sha256 BLOB NOT NULL, PRIMARY KEY (volume, offset, length, entry, position)) STRICT, WITHOUT ROWID;
-- Chunks that could not be had where they were looked for.
CREATE TABLE missing (
  sha256 BLOB NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL, length INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (sha256, entry, position)) STRICT, WITHOUT ROWID;
-- Symbolic links that lead out, by the folder that they are in.
CREATE TABLE links (folder ANY NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (folder, entry)) STRICT, WITHOUT ROWID;
-- Files whose chunks are read in the order of the file, in the order in which these files are read.
CREATE TABLE turns (turn INTEGER PRIMARY KEY, entry INTEGER NOT NULL) STRICT;
-- Where the chunks of these files lie: at rank 0 where they were found first. problem: why there is nothing to be had there. No volume (0): nowhere.
CREATE TABLE ordered (
  entry INTEGER NOT NULL, position INTEGER NOT NULL, rank INTEGER NOT NULL, volume INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  sha256 BLOB NOT NULL, problem TEXT, PRIMARY KEY (entry, position, rank)) STRICT, WITHOUT ROWID;
`;

export class ListDatabase extends PrivateDatabase {
  constructor() {
    super(tables, 'The restore');
  }
}
