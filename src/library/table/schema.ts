/** The hash table. `user_version` is raised with every change; older files are brought up to date on opening. */

export const tableVersion = 1;

export const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- path: where the folder was when the table was filled. marked: the folder for uploads was made there, and tells the disk from its empty mount point.
CREATE TABLE folders (id TEXT PRIMARY KEY, path TEXT NOT NULL, marked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

-- directory: within the folder, empty at its top. folded: the path as a search sees it. stamp, identity: see stamp.ts.
-- sha256, md5: NULL until the file was read. was: the SHA-256 it had before it changed; beside a sha256: before the disk damaged it. giver: the user who sent it.
-- An id is never given twice: what a walk found out about a row is not taken for another one.
CREATE TABLE files (
  id INTEGER PRIMARY KEY AUTOINCREMENT, folder TEXT NOT NULL, directory TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
  size INTEGER NOT NULL, mtime TEXT NOT NULL, stamp TEXT NOT NULL, identity TEXT NOT NULL, sha256 BLOB, md5 BLOB, was BLOB, giver TEXT,
  UNIQUE (folder, directory, name)) STRICT;
CREATE INDEX files_by_sha256 ON files (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX files_by_md5 ON files (md5) WHERE md5 IS NOT NULL;
CREATE INDEX files_by_identity ON files (identity);
CREATE INDEX files_unread ON files (folder, id) WHERE sha256 IS NULL;

-- Kept by the triggers: how many files there are, and how many bytes, by folder and by who sent them ('' for what came otherwise).
CREATE TABLE amounts (folder TEXT NOT NULL, giver TEXT NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (folder, giver)) STRICT, WITHOUT ROWID;
CREATE TRIGGER amounts_more AFTER INSERT ON files BEGIN
  INSERT INTO amounts VALUES (new.folder, ifnull(new.giver, ''), 1, new.size)
    ON CONFLICT (folder, giver) DO UPDATE SET files = files + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER amounts_less AFTER DELETE ON files BEGIN
  UPDATE amounts SET files = files - 1, bytes = bytes - old.size WHERE folder = old.folder AND giver = ifnull(old.giver, '');
END;
CREATE TRIGGER amounts_other AFTER UPDATE OF folder, size, giver ON files BEGIN
  UPDATE amounts SET files = files - 1, bytes = bytes - old.size WHERE folder = old.folder AND giver = ifnull(old.giver, '');
  INSERT INTO amounts VALUES (new.folder, ifnull(new.giver, ''), 1, new.size)
    ON CONFLICT (folder, giver) DO UPDATE SET files = files + 1, bytes = bytes + new.size;
END;
`;

/** What brings a table of version 1, 2, … to the next. */
export const upgrades: readonly string[] = [];
