/** What is promised. */
import { above, best, peak, ratio } from './row.ts';
import type { Row } from './row.ts';

export const rows: readonly Row[] = [
  ratio('mixed-first-pipe', 'first backup of mixed: wall, to the pipe', 'mixed/first/bat', ['mixed/first/pipe'], 'wall', 0.9),
  ratio('big-first-pipe', 'first backup of big: wall, to the pipe', 'big/first/bat', ['big/first/pipe'], 'wall', 1),
  ratio('mixed-first-restic', 'first backup of mixed: wall, to restic', 'mixed/first/bat', ['mixed/first/restic'], 'wall', 0.4),
  ratio('big-first-restic', 'first backup of big: wall, to restic', 'big/first/bat', ['big/first/restic'], 'wall', 0.4),
  ratio('mixed-stored', 'mixed: bytes stored, to the fewer of restic and borg', 'mixed/first/bat', ['mixed/first/restic', 'mixed/first/borg'], 'stored', 1),
  ratio('mixed-nothing-restic', 'nothing changed in mixed: wall, to restic', 'mixed/nothing/bat', ['mixed/nothing/restic'], 'wall', 0.5),
  ratio('many-nothing-restic', 'nothing changed in many: wall, to restic', 'many/nothing/bat', ['many/nothing/restic'], 'wall', 0.5),
  ratio('changed-restic', 'changed: wall, to restic', 'changed/changed/bat', ['changed/changed/restic'], 'wall', 0.6),
  ratio('changed-stored', 'changed: bytes stored, to restic', 'changed/changed/bat', ['changed/changed/restic'], 'stored', 1),
  ratio('mixed-restore-restic', 'full restore of mixed: wall, to restic', 'mixed/restore/bat', ['mixed/restore/restic'], 'wall', 0.8),
  ratio('big-restore-restic', 'full restore of big: wall, to restic', 'big/restore/bat', ['big/restore/restic'], 'wall', 0.8),
  ratio('rgw-first-restic', 'first backup of mixed to RGW: wall, to restic', 'rgw/first/bat', ['rgw/first/restic'], 'wall', 0.6),
  ratio('rgw-file-restic', 'one file from RGW, nothing cached: wall, to restic', 'rgw/file/bat', ['rgw/file/restic'], 'wall', 0.7),
  ratio('rgw-file-bytes', 'one file from RGW, nothing cached: bytes, to restic', 'rgw/file/bat', ['rgw/file/restic'], 'transferred', 0.7),
  ratio('server-file', 'first backup of big to a bat server: wall, to a folder', 'server/first/http', ['server/first/file'], 'wall', 1.5),
  peak('mixed-memory', 'mixed: memory at the peak', ['mixed/first/bat', 'mixed/nothing/bat', 'mixed/restore/bat'], 130),
  peak('big-memory', 'big: memory at the peak', ['big/first/bat', 'big/restore/bat'], 130),
  peak('many-memory', 'many: memory at the peak', ['many/first/bat', 'many/nothing/bat'], 200),
  above('start-version', 'bat --version, above node -e 0', 'start/version/bat', 40),
  above('start-validate', 'bat validate plans/nas.yaml, above node -e 0', 'start/validate/bat', 120),
  {
    id: 'installed',
    what: 'installed size, without development dependencies',
    unit: 'MB',
    limit: 50,
    needs: ['package/installed/bat'],
    value: (results) => best(results.figures('package/installed/bat', 'installed').map((bytes) => bytes / 1e6)),
  },
  ratio('mixed-second-first', 'mixed: a second run to the first, wall', 'mixed/nothing/bat', ['mixed/first/bat'], 'wall', 0.2),
  peak('small-memory', '100,000 small files: memory at the peak', ['small/first/bat'], 200),
  peak('large-memory', 'one file of 4 GiB: memory at the peak', ['large/first/bat'], 200),
];
