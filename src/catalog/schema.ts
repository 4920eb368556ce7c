/** The tables of the catalog. `user_version` is raised with every change; older files are brought up to date on opening. */

export const catalogVersion = 4;

const spoolTables = `
-- Objects that lie whole in the plan's spool folder until a target has them. lane: the upload step that they belong to.
CREATE TABLE spooled (
  lane TEXT NOT NULL, name TEXT NOT NULL, volume INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL,
  decoded INTEGER NOT NULL, codec TEXT NOT NULL, level INTEGER NOT NULL, frames BLOB NOT NULL, recipients TEXT,
  PRIMARY KEY (lane, name)) STRICT, WITHOUT ROWID;

-- Their uploads: written before the first part is sent.
CREATE TABLE uploads (
  lane TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL, upload TEXT NOT NULL, part_size INTEGER NOT NULL,
  PRIMARY KEY (lane, name, target)) STRICT, WITHOUT ROWID;
`;

const checksTable = `
-- When an object of a target was last looked at, and how: 'listed' its size, 'checksum' its stored bytes, 'decoded' its content.
CREATE TABLE checks (
  object INTEGER NOT NULL, target TEXT NOT NULL, how TEXT NOT NULL, time TEXT NOT NULL,
  PRIMARY KEY (object, target, how)) STRICT, WITHOUT ROWID;
`;

const forgottenTable = `
-- Snapshots that were forgotten: should a manifest of one turn up on a target, nothing needs it.
CREATE TABLE forgotten (snapshot TEXT PRIMARY KEY, time TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

const volumesTable = `
-- state: 'open' while it is being sent, 'stored' once a target confirmed it, 'going' once no kept snapshot needs it: what targets
-- still hold of it is to be removed. draining: it is mostly dead, so that what is alive of it is to be stored again elsewhere, and
-- does not count as known. A number is never given twice: records of what a target holds outlive the volume.
CREATE TABLE volumes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, maker TEXT NOT NULL, run TEXT NOT NULL, source TEXT NOT NULL, decoded INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL, draining INTEGER NOT NULL DEFAULT 0) STRICT;
`;

const keepingColumns = `
ALTER TABLE volumes RENAME TO volumes_before;
${volumesTable}
INSERT INTO volumes (id, maker, run, source, decoded, state) SELECT id, maker, run, source, decoded, state FROM volumes_before;
DROP TABLE volumes_before;
ALTER TABLE manifests ADD COLUMN volumes BLOB;
ALTER TABLE manifests ADD COLUMN serial INTEGER;
ALTER TABLE manifests ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
ALTER TABLE snapshots ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE snapshots ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE snapshots ADD COLUMN origin TEXT;
ALTER TABLE receipts ADD COLUMN stored TEXT;
`;

const pastIndex = `
-- With entries_now, every version of what is in a directory; a first run writes nothing to it.
CREATE INDEX entries_past ON entries (directory, name, since) WHERE until IS NOT NULL;
`;

const chunksTable = `
CREATE TABLE chunks (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, length INTEGER NOT NULL) STRICT;

-- Chunks by the first 6 bytes of their hashes: the recent ones, and all others. chunk-hashes.ts says why there are two.
CREATE TABLE recent_hashes (start BLOB NOT NULL, chunk INTEGER NOT NULL, PRIMARY KEY (start, chunk)) STRICT, WITHOUT ROWID;
CREATE TABLE chunk_hashes (start BLOB NOT NULL, chunk INTEGER NOT NULL, PRIMARY KEY (start, chunk)) STRICT, WITHOUT ROWID;
`;

/** Version 3 had one index, over whole hashes, as a constraint of the table: it goes only with the table. */
const shortHashes = `
ALTER TABLE chunks RENAME TO chunks_before;
${chunksTable}
INSERT INTO chunks (id, sha256, length) SELECT id, sha256, length FROM chunks_before ORDER BY id;
INSERT INTO chunk_hashes (start, chunk) SELECT substr(sha256, 1, 6), id FROM chunks_before ORDER BY sha256;
DROP TABLE chunks_before;
`;

/** What brings a catalog from a version to the next. */
export const upgrades: Readonly<Record<number, string>> = { 1: spoolTables, 2: keepingColumns + checksTable + pastIndex + forgottenTable, 3: shortHashes };

export const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Written before a run sends anything: what lies on a target and names one of these runs is ours to clean up.
CREATE TABLE runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT, exit_code INTEGER) STRICT, WITHOUT ROWID;

${chunksTable}${volumesTable}
CREATE TABLE places (chunk INTEGER NOT NULL, volume INTEGER NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY (chunk, volume)) STRICT, WITHOUT ROWID;
CREATE INDEX places_by_volume ON places (volume);

-- What a volume became on its way to the targets: plain and sealed ones are two objects of one volume.
CREATE TABLE objects (
  id INTEGER PRIMARY KEY, volume INTEGER NOT NULL, name TEXT NOT NULL UNIQUE, folded TEXT NOT NULL, size INTEGER NOT NULL,
  sha256 BLOB NOT NULL, codec TEXT NOT NULL, level INTEGER NOT NULL, frames BLOB NOT NULL, recipients TEXT) STRICT;
CREATE INDEX objects_by_volume ON objects (volume);
CREATE INDEX objects_by_folded ON objects (folded);

-- stored: when the target got it, where that was not in the run that made the volume.
CREATE TABLE receipts (
  object INTEGER NOT NULL, target TEXT NOT NULL, parts INTEGER NOT NULL, checksum TEXT, storage_class TEXT, stored TEXT,
  PRIMARY KEY (object, target)) STRICT, WITHOUT ROWID;

-- number counts the snapshots of a source; state: 'pending' until its manifest is on a target, then 'done'. tags: a JSON list.
-- origin: JSON, what its manifest says of where it came from; NULL in what an older bat wrote.
CREATE TABLE snapshots (
  id TEXT PRIMARY KEY, source TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL, time TEXT NOT NULL,
  state TEXT NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]', protected INTEGER NOT NULL DEFAULT 0, origin TEXT, UNIQUE (source, number)) STRICT, WITHOUT ROWID;

-- volumes: ids of those that its own lines speak of, as 32-bit little-endian; NULL where nobody knows. serial: of its signer.
-- stale: 1 where the tags or the protection in it are not those of the catalog any more.
CREATE TABLE manifests (
  snapshot TEXT NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, base TEXT, entries INTEGER NOT NULL, recipients TEXT,
  sha256 BLOB, volumes BLOB, serial INTEGER, stale INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (snapshot, target)) STRICT, WITHOUT ROWID;

CREATE TABLE directories (id INTEGER PRIMARY KEY, source TEXT NOT NULL, path ANY NOT NULL, UNIQUE (source, path)) STRICT;

-- An entry is part of the snapshots of its source from number "since" up to, not including, "until".
-- Names are TEXT, or BLOB where they are not UTF-8. chunks: ids as 32-bit little-endian; sha256 only where there are several.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, directory INTEGER NOT NULL, name ANY NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL, mtime TEXT NOT NULL, size INTEGER NOT NULL, link ANY, sparse INTEGER NOT NULL,
  stamp TEXT NOT NULL, sha256 BLOB, chunks BLOB, since INTEGER NOT NULL, until INTEGER) STRICT;
CREATE UNIQUE INDEX entries_now ON entries (directory, name) WHERE until IS NULL;
CREATE INDEX entries_since ON entries (since);
CREATE INDEX entries_until ON entries (until) WHERE until IS NOT NULL;
${pastIndex}
-- What a run has found to be different so far. It outlives a killed run: the next one need not read those files again.
-- leftover: 1 for rows of a run that did not end. type NULL: the path is gone.
CREATE TABLE draft (
  directory INTEGER NOT NULL, name ANY NOT NULL, leftover INTEGER NOT NULL, type TEXT, mode INTEGER, uid INTEGER, gid INTEGER,
  mtime TEXT, size INTEGER, link ANY, sparse INTEGER, stamp TEXT, sha256 BLOB, chunks BLOB,
  PRIMARY KEY (directory, name, leftover)) STRICT, WITHOUT ROWID;

-- Names of single files that are, or in a killed run were, on their way: what lies on a target under one of these and has
-- no receipt is ours to clean up. Written before anything is sent.
CREATE TABLE sending (folded TEXT PRIMARY KEY, run TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- An identity wrapped by the plan's passphrase, and how to tell that the passphrase is still the same.
CREATE TABLE keys (
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, wrapped BLOB NOT NULL, salt BLOB NOT NULL, verifier BLOB NOT NULL,
  created TEXT NOT NULL) STRICT, WITHOUT ROWID;
${spoolTables}${checksTable}${forgottenTable}`;

/** Gone when the catalog is closed. */
export const temporaryTables = `
-- Volumes whose chunks count as stored: every target that can be reached has them, and its recipients can read them.
CREATE TEMP TABLE usable (volume INTEGER PRIMARY KEY) STRICT;

-- What a target really holds, by its own listing.
CREATE TEMP TABLE listed (name TEXT PRIMARY KEY, size INTEGER NOT NULL, checksum TEXT) STRICT, WITHOUT ROWID;

-- Objects of the target that is being verified, in the order in which they are read. read: when they last were.
CREATE TEMP TABLE verifying (number INTEGER PRIMARY KEY, object INTEGER NOT NULL, read TEXT, state TEXT NOT NULL) STRICT;

-- What is to be copied from a target to another.
CREATE TEMP TABLE copied_volumes (volume INTEGER PRIMARY KEY) STRICT;

-- Volumes that nothing needs, or that others hold the content of: they are to be removed.
CREATE TEMP TABLE leaving (volume INTEGER PRIMARY KEY) STRICT;

-- Names that something on a target has which this catalog does not know.
CREATE TEMP TABLE foreign_names (folded TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`;
