"""Makes a tree of everything odd that a file system allows below the folder that is named, the same each time."""
import os
import sys

root = os.fsencode(sys.argv[1])
mib = 1 << 20


def at(*parts):
    return os.path.join(root, *parts)


def noise(seed, size):
    """Bytes that do not compress, the same for the same seed."""
    import hashlib
    parts, length, count = [], 0, 0
    while length < size:
        block = hashlib.shake_256(b'%d %d' % (seed, count)).digest(min(mib, size - length))
        parts.append(block)
        length += len(block)
        count += 1
    return b''.join(parts)


def write(path, data=b'', mode=0o644, mtime_ns=1_700_000_000_123_456_789):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)
    os.chmod(path, mode)
    os.utime(path, ns=(mtime_ns, mtime_ns))


odd_names = [
    b'new\nline', b'tab\there', b'quote"', b"apostrophe'", b'back\\slash', b' leading and trailing ', b'-dash', b'--to', b'$(id)', b'`id`', b'*?[]{}',
    'composed \u00e9'.encode(), 'decomposed e\u0301'.encode(), '\U0001f987 bat'.encode(), '\u202eright to left'.encode(), '\ufeffmark'.encode(),
    b'not utf-8 \xff\xfe', b'half a letter \xc3', b'surrogate \xed\xb2\x80', b'\x01\x02\x7f', b'ends in a dot.', b'CON', b'a:b', b'.bat-tmp-like', b'x.bat-0000000000000000',
    b'n' * 255, ('\u00e9' * 127).encode(), b'#comment', b'!negated', b'.hidden', b'..two dots', b'...', b'%41', b'a' * 100, b'b' * 101,
]
for index, name in enumerate(odd_names):
    write(at(b'names', name), b'content %d\n' % index)
for index, name in enumerate(odd_names[:12] + odd_names[16:20]):
    write(at(b'folders', name, name), b'inside %d\n' % index)

deep = at(b'deep')
for level in range(22):
    deep = os.path.join(deep, b'%03d' % level + b'd' * 97)
write(os.path.join(deep, b'at the end'), b'deep\n')
write(at(b'p' * 99, b'q' * 99, b'r' * 99), b'prefix\n')

# Only root can read what nobody may read.
readable, searchable = (0, 0) if os.geteuid() == 0 else (0o400, 0o700)
for mode in (0o0000, 0o0001, 0o0400, 0o0444, 0o0600, 0o0755, 0o0777, 0o1777, 0o2755, 0o4755, 0o7777):
    write(at(b'modes', b'%04o' % mode), b'mode', mode | readable)
    os.makedirs(at(b'folder modes', b'%04o' % mode))
    write(at(b'folder modes', b'%04o' % mode, b'file'), b'in it')
    os.chmod(at(b'folder modes', b'%04o' % mode), mode | searchable)
if os.geteuid() == 0:
    write(at(b'owners', b'someone'), b'owned')
    os.chown(at(b'owners', b'someone'), 1234, 5678)
    write(at(b'owners', b'large ids'), b'owned')
    os.chown(at(b'owners', b'large ids'), 3_000_000, 4_000_000_000)

for index, time in enumerate((0, 1, -1, -1_500_000_000, -86_400_000_000_001, 999_999_999, 1_000_000_000, 4_102_444_800_987_654_321, 8_589_934_592_000_000_000, 1_700_000_000_000_000_001)):
    write(at(b'times', b'%d' % index), b'when', mtime_ns=time)

for size in (0, 1, 511, 512, 513, mib - 1, mib, mib + 1, 8 * mib, 8 * mib + 1, 20 * mib, 40 * mib):
    write(at(b'sizes', b'%d' % size), noise(size, size))
write(at(b'sizes', b'zeros'), bytes(9 * mib))
write(at(b'sizes', b'repeating'), noise(1, mib) * 12)

write(at(b'links', b'first'), b'linked')
for name in (b'second', b'third', b'sub/fourth'):
    os.makedirs(os.path.dirname(at(b'links', name)), exist_ok=True)
    os.link(at(b'links', b'first'), at(b'links', name))
os.link(at(b'links', b'first'), at(b'a first name in another folder'))
write(at(b'links', b'large'), noise(2, 9 * mib))
os.link(at(b'links', b'large'), at(b'zz large'))
for name, to in ((b'relative', b'first'), (b'upwards', b'../names/-dash'), (b'absolute', b'/etc/hostname'), (b'dangling', b'nowhere/at all'), (b'itself', b'itself'),
                 (b'folder', b'sub'), (b'not utf-8 \xff', b'also not \xfe'), (b'long', b'x/' * 600), (b'root', b'/'), (b'new\nline', b'a\nb')):
    os.symlink(to, at(b'links', name))
os.utime(at(b'links', b'dangling'), ns=(5_000_000_001, 5_000_000_001), follow_symlinks=False)

os.mkfifo(at(b'fifo'), 0o640)
os.makedirs(at(b'empty folder', b'in an empty folder'))
write(at(b'empty file'))
with open(at(b'sparse'), 'wb') as file:
    file.seek(3 * mib)
    file.write(b'middle')
    file.seek(16 * mib)
    file.write(b'end')
with open(at(b'only a hole'), 'wb') as file:
    file.truncate(10 * mib)

for index in range(300):
    write(at(b'many', b'%02d' % (index % 20), b'file %d' % index), b'%d ' % index * (index * 7 % 500))

for folder, _, _ in os.walk(root, topdown=False):
    time = 1_600_000_000_000_000_000 + len(folder) * 1_000_000_007
    os.utime(folder, ns=(time, time))
