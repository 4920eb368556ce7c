#!/usr/bin/env python3
"""Restores backups made by bat, without bat.

    python3 restore.py --list                          what is there
    python3 restore.py --identity KEY.txt --to out     the latest snapshot of every source, to out/SOURCE/
    python3 restore.py --snapshot 20260131 --source photos --identity KEY.txt

Run it in the folder that holds manifests/ and volumes/, or name that folder with --store.

It needs Python 3.7 or newer and nothing else of Python; the program `age` for what is encrypted (names that end in
.age) and `zstd` for what is compressed by it (.zst). Without --identity, a key in keys/ is opened: `age` asks for the
passphrase. Each volume that is needed is decoded once, from its beginning, as a stream: no copy of it is made on disk.
Only the manifest is held in memory (about 1 GB for a million files).

Every chunk and every file is checked against its SHA-256; a file gets its name when all of it is right. Modes, times (to the
nanosecond), links, holes, and as root owners, come back as they were. Nothing is written outside of the folder --to.

It leaves with 0 if all is well, 1 if something could not be restored, 2 for a wrong command line, 10 if there is no such
snapshot, 12 for a missing or wrong key, 130 if it was interrupted.

The format is described in docs/format.md of bat.
"""
import argparse
import base64
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import zlib

FORMAT = 1
LONGEST_CHAIN = 16
LARGEST_CHUNK = 64 * 1024 * 1024
PIECE = 1024 * 1024
HOLE = 4096
AGE_HEADER = b'age-encryption.org/v1\n'
ARMOR_HEADER = b'-----BEGIN AGE ENCRYPTED FILE-----'
MANIFEST_NAME = re.compile(r'^((\d{8}-\d{6}-[a-z0-9]{4})-([A-Za-z0-9][A-Za-z0-9_-]*))\.jsonl(\.zst|\.gz)?(\.age)?$')
PART_NAME = re.compile(r'^(.*)\.(\d{3,})$')
LIST_SUFFIX = '.parts.json'
KEY_WORDS = ('no identity matched', 'incorrect passphrase', 'identity file', 'unknown identity', 'malformed secret key')
CODECS = {'.zst': 'zstd', '.gz': 'gzip', None: 'none'}


class Failure(Exception):
    """Something a person can act on, and the exit code that says so."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def main():
    options = parse_arguments()
    try:
        return run(options)
    except Failure as failure:
        print('restore.py: %s' % failure, file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print('restore.py: interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parse_arguments():
    parser = argparse.ArgumentParser(description='Restores backups made by bat, without bat.')
    parser.add_argument('--identity', action='append', default=[], metavar='KEY.txt', help='an age identity file; may be given several times')
    parser.add_argument('--snapshot', default='latest', metavar='ID', help='a snapshot or run, or the beginning of its id (default: the latest of each source)')
    parser.add_argument('--source', action='append', default=[], metavar='NAME', help='only this source; may be given several times')
    parser.add_argument('--list', action='store_true', help='say which snapshots there are, and do nothing')
    parser.add_argument('--to', default='restored', metavar='DIR', help='where to: each source gets a new folder in it (default: restored)')
    parser.add_argument('--store', default=None, metavar='DIR', help='the folder that holds manifests/ and volumes/ (default: where this script lies, or else this folder)')
    return parser.parse_args()


def run(options):
    beside = os.path.dirname(os.path.abspath(__file__))
    store = Store(options.store or (beside if os.path.isdir(os.path.join(beside, 'manifests')) else '.'))
    snapshots = store.snapshots()
    if not snapshots:
        raise Failure('there are no snapshots in %s; name the folder that holds manifests/ with --store' % store.folder, 10)
    if options.list:
        for snapshot in snapshots:
            print('%s  %s  %s' % (snapshot['id'], snapshot['time'], snapshot['source']))
        return 0
    keys = Keys(store, options.identity)
    problems = 0
    for snapshot in choose(snapshots, options.snapshot, options.source):
        reader = SnapshotReader(store, keys, {one['id']: one for one in snapshots})
        entries, volumes, top = reader.read(snapshot['id'])
        problems += Restore(store, keys, entries, volumes, top, os.path.join(options.to, snapshot['source'])).run(snapshot['id'])
    return 1 if problems else 0


def choose(snapshots, wanted, sources):
    known = sorted({snapshot['source'] for snapshot in snapshots})
    for source in sources:
        if source not in known:
            raise Failure('nothing is stored of a source "%s"; there are: %s' % (source, ', '.join(known)), 10)
    found = [snapshot for snapshot in snapshots if not sources or snapshot['source'] in sources]
    if wanted != 'latest':
        exact = [snapshot for snapshot in found if snapshot['id'] == wanted]
        found = exact or [snapshot for snapshot in found if snapshot['id'].startswith(wanted)]
        if len({snapshot['run'] for snapshot in found}) > 1:
            raise Failure('"%s" is the beginning of several snapshots; see --list' % wanted, 10)
    if not found:
        raise Failure('there is no snapshot "%s"; see --list' % wanted, 10)
    return [snapshot for _, snapshot in sorted({snapshot['source']: snapshot for snapshot in found}.items())]


class Store:
    """The folder of a plan on a target. Objects too large for a target lie there in parts, NAME.000, NAME.001, and so on, listed in NAME.parts.json."""

    def __init__(self, folder):
        self.folder = folder

    def snapshots(self):
        """Oldest first."""
        found = {}
        for name in self._names('manifests'):
            match = MANIFEST_NAME.match(name)
            if not match:
                continue
            snapshot, run, source, codec, sealed = match.groups()
            if snapshot in found and sealed:
                continue
            time = '%s-%s-%s %s:%s:%s UTC' % (run[0:4], run[4:6], run[6:8], run[9:11], run[11:13], run[13:15])
            found[snapshot] = {'id': snapshot, 'run': run, 'source': source, 'time': time, 'name': 'manifests/' + name, 'codec': CODECS[codec], 'sealed': bool(sealed)}
        return [found[snapshot] for snapshot in sorted(found)]

    def keys(self):
        return [os.path.join(self.folder, 'keys', name) for name in sorted(self._names('keys')) if name.endswith('.age')]

    def files_of(self, name):
        """The files that make up an object, in their order."""
        path = os.path.join(self.folder, name)
        if os.path.isfile(path):
            return [path]
        if os.path.isfile(path + LIST_SUFFIX):
            return self._listed_parts(name)
        parts = []
        while os.path.isfile('%s.%03d' % (path, len(parts))):
            parts.append('%s.%03d' % (path, len(parts)))
        if not parts:
            raise Failure('%s is missing' % name)
        return parts

    def _listed_parts(self, name):
        path = os.path.join(self.folder, name)
        try:
            with open(path + LIST_SUFFIX, encoding='utf-8') as file:
                names = [part['name'] for part in json.load(file)['parts']]
        except (OSError, ValueError, KeyError, TypeError):
            raise Failure('%s cannot be read' % (name + LIST_SUFFIX))
        parts = [os.path.join(os.path.dirname(path), os.path.basename(str(part))) for part in names]
        missing = [part for part in parts if not os.path.isfile(part)]
        if missing:
            raise Failure('%s is missing' % os.path.relpath(missing[0], self.folder))
        return parts

    def _names(self, folder):
        path = os.path.join(self.folder, folder)
        names = set()
        for name in os.listdir(path) if os.path.isdir(path) else []:
            if name.endswith(LIST_SUFFIX):
                name = name[:-len(LIST_SUFFIX)]
            match = PART_NAME.match(name)
            names.add(match.group(1) if match else name)
        return names


class Keys:
    """What `age` is given to decrypt with. Keys that had to be decrypted themselves never touch the disk."""

    def __init__(self, store, files):
        self.store = store
        self.files = files
        self.paths = None
        self.texts = []

    def arguments(self):
        """Arguments for `age`, and a file descriptor for it to inherit, to be closed when it has started; or None."""
        if self.paths is None:
            self._prepare()
        arguments = [argument for path in self.paths for argument in ('-i', path)]
        if not self.texts:
            return arguments, None
        reading, writing = os.pipe()
        with os.fdopen(writing, 'wb') as pipe:
            pipe.write(b'\n'.join(self.texts) + b'\n')
        return arguments + ['-i', '/dev/fd/%d' % reading], reading

    def _prepare(self):
        self.paths = []
        for path in self.files:
            try:
                with open(path, 'rb') as file:
                    start = file.read(len(ARMOR_HEADER))
            except OSError as error:
                raise Failure('the identity %s cannot be read: %s' % (path, error.strerror), 12)
            if start.startswith(AGE_HEADER) or start == ARMOR_HEADER:
                self.texts.append(self._unwrap(path))
            else:
                self.paths.append(path)
        if self.files:
            return
        wrapped = self.store.keys()
        if not wrapped:
            raise Failure('this is encrypted: name the identity file with --identity', 12)
        failures = []
        for path in wrapped:
            try:
                self.texts.append(self._unwrap(path))
            except Failure as failure:
                failures.append(failure)
        if not self.texts:
            raise failures[0]

    def _unwrap(self, path):
        print('%s is protected by a passphrase.' % path, file=sys.stderr)
        with started(['age', '-d', path], stdout=subprocess.PIPE) as process:
            text = process.stdout.read()
        if process.returncode != 0:
            raise Failure('%s was not opened: is the passphrase right?' % path, 12)
        return text


def started(command, **options):
    try:
        return subprocess.Popen(command, **options)
    except FileNotFoundError:
        raise Failure('the program "%s" is needed and is not installed' % command[0])


class Joined(io.RawIOBase):
    """The bytes of several files as those of one."""

    def __init__(self, paths):
        super().__init__()
        self.paths = list(paths)
        self.file = None

    def readable(self):
        return True

    def readinto(self, buffer):
        while True:
            if self.file is None:
                if not self.paths:
                    return 0
                self.file = open(self.paths.pop(0), 'rb')
            count = self.file.readinto(buffer)
            if count:
                return count
            self.file.close()
            self.file = None

    def close(self):
        if self.file is not None:
            self.file.close()
        super().close()


class Stream:
    """The decoded bytes of an object, from the beginning on. `age` and `zstd` work beside us, and their checks count."""

    def __init__(self, store, keys, name, codec, sealed):
        self.name = name
        self.position = 0
        self.processes = []
        self.opened = []
        try:
            paths = store.files_of(name)
            stream = self._keep(open(paths[0], 'rb') if len(paths) == 1 else io.BufferedReader(Joined(paths), PIECE))
            if sealed:
                arguments, descriptor = keys.arguments()
                try:
                    stream = self._through(['age', '-d'] + arguments, stream, [] if descriptor is None else [descriptor])
                finally:
                    if descriptor is not None:
                        os.close(descriptor)
            if codec == 'zstd':
                stream = self._through(['zstd', '-d', '-c', '-q'], stream, [])
            elif codec == 'gzip':
                stream = self._keep(gzip.GzipFile(fileobj=stream, mode='rb'))
            elif codec != 'none':
                raise Failure('%s has the codec "%s", which is not known here' % (name, codec))
            self.stream = stream
        except BaseException:
            self.close()
            raise

    def read(self, length):
        """The next bytes, `length` of them unless the end comes before."""
        pieces = []
        missing = length
        while missing > 0:
            try:
                piece = self.stream.read(min(missing, PIECE))
            except (OSError, EOFError, zlib.error) as error:
                raise self._failed(str(error))
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
            self.position += len(piece)
        return b''.join(pieces) if len(pieces) != 1 else pieces[0]

    def read_exactly(self, length):
        data = self.read(length)
        if len(data) < length:
            raise self._failed('it ends too early')
        return data

    def skip_to(self, position):
        while self.position < position:
            self.read_exactly(min(PIECE, position - self.position))

    def lines(self):
        rest = b''
        while True:
            piece = self.read(PIECE)
            if not piece:
                break
            lines = (rest + piece).split(b'\n')
            rest = lines.pop()
            for line in lines:
                yield line
        self.finish()
        if rest:
            yield rest

    def finish(self):
        """At the end: whether the programs found everything in order."""
        if any(process.wait() != 0 for process, _ in self.processes):
            raise self._failed('it cannot be decoded')

    def close(self):
        for process, _ in self.processes:
            if process.poll() is None:
                process.kill()
        for file in reversed(self.opened):
            try:
                file.close()
            except (OSError, ValueError):
                pass
        for process, errors in self.processes:
            process.wait()
            errors.close()

    def _keep(self, file):
        self.opened.append(file)
        return file

    def _through(self, command, source, descriptors):
        errors = tempfile.TemporaryFile()
        is_file = not isinstance(source, io.BufferedReader) or not isinstance(source.raw, Joined)
        process = started(command, stdin=source if is_file else subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, pass_fds=descriptors)
        self.processes.append((process, errors))
        if is_file:
            source.close()
        else:
            threading.Thread(target=pump, args=(source, process.stdin), daemon=True).start()
        return self._keep(process.stdout)

    def _failed(self, reason):
        """What the first program that failed says is nearer to the truth than what came of it."""
        for process, errors in self.processes:
            try:
                code = process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            if code == 0:
                continue
            errors.seek(0)
            lines = errors.read().decode('utf-8', 'replace').strip().splitlines()
            said = lines[0] if lines else 'it left with %d' % code
            if any(words in said for words in KEY_WORDS):
                return Failure('%s cannot be opened with the key given (%s)' % (self.name, said), 12)
            return Failure('%s is damaged: %s' % (self.name, said))
        return Failure('%s is damaged: %s' % (self.name, reason))


def pump(source, sink):
    try:
        while True:
            piece = source.read(PIECE)
            if not piece:
                break
            sink.write(piece)
    except (OSError, ValueError):
        pass  # Whoever reads has had enough, or will say that too little came.
    finally:
        try:
            sink.close()
        except OSError:
            pass


class SnapshotReader:
    """Reads manifests: the entries of a snapshot are laid over those of the snapshot it is based on."""

    def __init__(self, store, keys, snapshots):
        self.store = store
        self.keys = keys
        self.snapshots = snapshots

    def read(self, snapshot):
        """Entries by their path, volumes by their name, and what the folder was like that the source itself is, or None."""
        entries = {}
        volumes = {}
        top = None
        for name, lines in reversed(self._chain(snapshot)):
            self._lay_over(name, lines, entries, volumes)
            top = lines[0].get('top')
        try:
            return entries, volumes, Entry(dict(top, path='', type='directory', size=0), {}) if top else None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Failure('the manifest of %s is damaged: its header is not what it should be (%r)' % (snapshot, error))

    def _chain(self, snapshot):
        chain = []
        source = None
        while snapshot is not None:
            stored = self.snapshots.get(snapshot)
            if stored is None:
                raise Failure('the manifest of %s is missing, which this snapshot is based on' % snapshot)
            name = stored['name']
            if len(chain) >= LONGEST_CHAIN:
                raise Failure('%s is damaged: more than %d manifests refer to each other' % (name, LONGEST_CHAIN))
            lines = self._lines(stored)
            header = lines[0]
            if header['manifest'] > FORMAT:
                raise Failure('%s was written by a newer bat, in format %s' % (name, header['manifest']))
            if header['snapshot'] != snapshot or header['source'] != (source or stored['source']):
                raise Failure('%s is damaged: it is the manifest of something else' % name)
            source = header['source']
            chain.append((name, lines))
            snapshot = header['base']
        return chain

    def _lines(self, stored):
        name = stored['name']
        stream = Stream(self.store, self.keys, name, stored['codec'], stored['sealed'])
        try:
            lines = [json.loads(line.decode('utf-8')) for line in stream.lines()]
        except ValueError as error:
            raise Failure('%s is damaged: %s' % (name, error))
        finally:
            stream.close()
        counts = {'volumes': 0, 'entries': 0, 'removed': 0}
        for line in lines[1:-1]:
            counts['volumes' if 'volume' in line else 'removed' if 'removed' in line or 'removed64' in line else 'entries'] += 1
        if len(lines) < 2 or 'manifest' not in lines[0] or lines[-1].get('end') != counts:
            raise Failure('%s is damaged: it is not whole' % name)
        return lines

    def _lay_over(self, name, lines, entries, volumes):
        numbers = {}
        seen = set()
        try:
            for line in lines[1:-1]:
                if 'volume' in line:
                    if danger(line['name'].encode('utf-8')) or line['name'].split('/')[0] in ('keys', 'manifests'):
                        raise Failure('%s is damaged: it names an object that cannot be one of its volumes' % name)
                    numbers[line['volume']] = line['name']
                    volumes[line['name']] = (line['codec'], line.get('sealed') is True)
                elif 'removed' in line or 'removed64' in line:
                    entries.pop(path_in(line, 'removed'), None)
                else:
                    entry = Entry(line, numbers)
                    entry.twice = entry.path in seen
                    seen.add(entry.path)
                    entries[entry.path] = entry
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Failure('%s is damaged: a line is not what it should be (%r)' % (name, error))


class Entry:
    """A path of a snapshot. `chunks`: (volume, offset, length, SHA-256) each, in the order of the file."""

    __slots__ = ('path', 'type', 'mode', 'uid', 'gid', 'mtime', 'size', 'link', 'sparse', 'sha256', 'chunks', 'twice', 'problem', 'missing', 'temporary')

    def __init__(self, line, numbers):
        self.path = path_in(line, 'path')
        self.type = line['type']
        if self.type not in ('file', 'directory', 'symlink', 'hardlink', 'fifo'):
            raise ValueError(self.type)
        self.mode = int(line['mode'], 8) & 0o7777
        self.uid = line['uid']
        self.gid = line['gid']
        seconds, nanoseconds = line['mtime'].lstrip('-').split('.')
        self.mtime = (-1 if line['mtime'].startswith('-') else 1) * (int(seconds) * 10 ** 9 + int(nanoseconds.ljust(9, '0')))
        self.size = line['size']
        self.link = path_in(line, 'link') if self.type in ('symlink', 'hardlink') else None
        self.sparse = line.get('sparse') is True
        self.sha256 = None
        self.chunks = ()
        if self.type == 'file':
            self.sha256 = bytes.fromhex(line['sha256'])
            chunks = line['chunks']
            # The only chunk of a file has the file's hash, which is not written twice.
            self.chunks = [(numbers[c[0]], c[1], c[2], self.sha256 if len(chunks) == 1 else bytes.fromhex(c[3])) for c in chunks]
            if sum(chunk[2] for chunk in self.chunks) != self.size or any(not 0 < chunk[2] <= LARGEST_CHUNK for chunk in self.chunks):
                raise ValueError('chunks')
        self.twice = False
        self.problem = None
        self.missing = len(self.chunks)
        self.temporary = None


def path_in(line, key):
    """A name is text, or base64 of its bytes under the key with 64 behind it."""
    encoded = line.get(key + '64')
    return base64.b64decode(encoded, validate=True) if encoded is not None else line[key].encode('utf-8')


def danger(path):
    """Why a path must not be written to, or None: only plain parts, below the folder."""
    if b'\0' in path:
        return 'it holds a zero byte'
    if path == b'' or path.startswith(b'/') or any(part in (b'', b'.', b'..') for part in path.split(b'/')):
        return 'it leads out of the folder, or nowhere'
    return None


class Restore:
    """Puts the entries of a snapshot into a new folder. Links come last, so that nothing is ever written through one."""

    def __init__(self, store, keys, entries, volumes, top, folder):
        self.top = top
        self.store = store
        self.keys = keys
        self.entries = entries
        self.volumes = volumes
        self.folder = os.fsencode(folder)
        self.is_root = os.geteuid() == 0
        self.files = 0
        self.bytes = 0
        self.temporaries = set()
        self.incomplete = []
        self.count = 0

    def run(self, snapshot):
        """Returns how many entries could not be restored."""
        self._prepare()
        try:
            self._refuse()
            ordered = [self.entries[path] for path in sorted(self.entries)]
            self._each(ordered, 'directory', self._make_folder)
            for entry in ordered:
                if entry.type == 'file' and not entry.chunks and not entry.problem:
                    self._attempt(entry, self._finish_file)
            self._read_volumes(ordered)
            self._each(ordered, 'fifo', self._make_fifo)
            self._each(ordered, 'hardlink', self._make_hard_link)
            self._each(ordered, 'symlink', self._make_symlink)
            self._each(reversed(ordered), 'directory', self._finish_folder)
            if self.top:
                self._set_attributes(self.folder, self.top)
        finally:
            for path in self.temporaries:
                os.unlink(path)
        failed = [entry for entry in ordered if entry.problem]
        for entry in failed:
            print('not restored: %s: %s' % (entry.path.decode('utf-8', 'backslashreplace'), entry.problem), file=sys.stderr)
        for path, reason in self.incomplete:
            print('restored, but not all of it could be set: %s: %s' % (path.decode('utf-8', 'backslashreplace'), reason), file=sys.stderr)
        print('%s: %d files, %d bytes in %s%s' % (snapshot, self.files, self.bytes, os.fsdecode(self.folder), '; %d NOT restored' % len(failed) if failed else ''))
        return len(failed) + len(self.incomplete)

    def _prepare(self):
        try:
            os.makedirs(self.folder, exist_ok=True)
            if os.path.islink(self.folder) or os.listdir(self.folder):
                raise Failure('%s is not an empty folder; name another one with --to' % os.fsdecode(self.folder), 2)
        except OSError as error:
            raise Failure('%s cannot be made: %s' % (os.fsdecode(self.folder), error.strerror))

    def _refuse(self):
        """Marks what must not be written, whatever the manifest says."""
        for path in sorted(self.entries):
            entry = self.entries[path]
            reason = danger(path)
            if not reason and entry.twice:
                reason = 'the snapshot has it twice'
            if not reason:
                # All folders above come before it, and have been looked at.
                above = path.rpartition(b'/')[0]
                while above and above not in self.entries:
                    above = above.rpartition(b'/')[0]
                folder = self.entries.get(above) if above else None
                if folder is not None and (folder.type != 'directory' or folder.problem):
                    reason = 'what is above it is no folder'
            if not reason and entry.link is not None and (entry.link == b'' or b'\0' in entry.link):
                reason = 'what it links to is no path'
            if reason:
                entry.problem = 'refused: %s' % reason

    def _each(self, entries, kind, action):
        for entry in entries:
            if entry.type == kind and not entry.problem:
                self._attempt(entry, action)

    def _attempt(self, entry, action, *arguments):
        try:
            action(entry, *arguments)
        except (OSError, Failure, OverflowError) as error:
            if getattr(error, 'errno', None) in (28, 122):
                raise Failure('%s: %s' % (os.fsdecode(self.folder), error.strerror))
            entry.problem = str(error)

    def _path(self, entry):
        path = os.path.join(self.folder, entry.path)
        if entry.type != 'directory':
            os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def _make_folder(self, entry):
        path = os.path.join(self.folder, entry.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)

    def _finish_folder(self, entry):
        self._set_attributes(os.path.join(self.folder, entry.path), entry)

    def _read_volumes(self, entries):
        wanted = {}
        for entry in entries:
            position = 0
            for volume, offset, length, sha256 in entry.chunks if not entry.problem else ():
                wanted.setdefault(volume, {}).setdefault((offset, length), []).append((entry, position, sha256))
                position += length
        for volume in sorted(wanted):
            ranges = wanted.pop(volume)
            try:
                self._read_volume(volume, ranges)
            except Failure as failure:
                if failure.code == 12 and not self.files:
                    raise
                for uses in ranges.values():
                    for entry, _, _ in uses:
                        entry.problem = entry.problem or str(failure)

    def _read_volume(self, volume, ranges):
        """Takes out of `ranges` what was read."""
        codec, sealed = self.volumes[volume]
        stream = Stream(self.store, self.keys, volume, codec, sealed)
        try:
            for offset, length in sorted(ranges):
                if offset < stream.position:
                    raise Failure('%s holds two chunks that overlap' % volume)
                stream.skip_to(offset)
                data = stream.read_exactly(length)
                sha256 = hashlib.sha256(data).digest()
                for entry, position, expected in ranges.pop((offset, length)):
                    if entry.problem:
                        continue
                    if sha256 != expected:
                        entry.problem = '%s is damaged: it holds other bytes than it should' % volume
                    else:
                        self._attempt(entry, self._write_chunk, position, data)
        finally:
            stream.close()

    def _write_chunk(self, entry, position, data):
        if entry.temporary is None:
            entry.temporary = self._temporary(entry)
            os.close(os.open(entry.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self.temporaries.add(entry.temporary)
        with open(entry.temporary, 'r+b', buffering=0) as file:
            for start, end in data_in(data, position) if entry.sparse else [(0, len(data))]:
                file.seek(position + start)
                view = memoryview(data)[start:end]
                while view:
                    view = view[file.write(view):]
        entry.missing -= 1
        if entry.missing == 0:
            self._finish_file(entry)

    def _finish_file(self, entry):
        if entry.temporary is None:
            entry.temporary = self._temporary(entry)
            os.close(os.open(entry.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self.temporaries.add(entry.temporary)
        if entry.sparse:
            os.truncate(entry.temporary, entry.size)
        if len(entry.chunks) != 1 and hash_of(entry.temporary) != entry.sha256:
            raise Failure('its chunks are right, but not the whole that they make: the manifest is damaged')
        self._set_attributes(entry.temporary, entry)
        os.rename(entry.temporary, self._path(entry))
        self.temporaries.discard(entry.temporary)
        self.files += 1
        self.bytes += entry.size

    def _temporary(self, entry):
        self.count += 1
        return os.path.join(os.path.dirname(self._path(entry)), b'.bat-restore-%d-%d' % (os.getpid(), self.count))

    def _make_fifo(self, entry):
        path = self._path(entry)
        os.mkfifo(path, 0o600)
        self._set_attributes(path, entry)

    def _make_hard_link(self, entry):
        first = self.entries.get(entry.link)
        if first is None or first.type != 'file' or first.problem:
            raise Failure('it is a hard link to what was not restored')
        os.link(os.path.join(self.folder, first.path), self._path(entry), follow_symlinks=False)
        self.files += 1

    def _make_symlink(self, entry):
        path = self._path(entry)
        os.symlink(entry.link, path)
        self._set_attributes(path, entry)

    def _set_attributes(self, path, entry):
        """A file system may know no owners or modes: the content is restored all the same."""
        # The owner first: a change of owner takes the set-id bits away.
        settings = [lambda: os.chown(path, entry.uid, entry.gid, follow_symlinks=False)] if self.is_root else []
        if entry.type != 'symlink':
            settings.append(lambda: os.chmod(path, entry.mode))
        settings.append(lambda: os.utime(path, ns=(entry.mtime, entry.mtime), follow_symlinks=False))
        for setting in settings:
            try:
                setting()
            except (OSError, OverflowError) as error:
                self.incomplete.append((entry.path, str(error)))


def data_in(data, position):
    """The stretches that are not blocks of zeros, blocks being counted from the start of the file."""
    zeros = bytes(HOLE)
    start = None
    at = 0
    while at < len(data):
        end = min(len(data), at + HOLE - (position + at) % HOLE)
        is_hole = end - at == HOLE and data[at:end] == zeros
        if is_hole and start is not None:
            yield start, at
            start = None
        elif not is_hole and start is None:
            start = at
        at = end
    if start is not None:
        yield start, len(data)


def hash_of(path):
    sha256 = hashlib.sha256()
    with open(path, 'rb') as file:
        while True:
            piece = file.read(PIECE)
            if not piece:
                return sha256.digest()
            sha256.update(piece)


if __name__ == '__main__':
    sys.exit(main())
