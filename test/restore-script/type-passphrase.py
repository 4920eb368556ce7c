"""Runs a program on a terminal of its own and types a passphrase when it is asked for: type-passphrase.py PASSPHRASE PROGRAM…"""
import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
said = b''
asked = False
while True:
    try:
        data = os.read(terminal, 1024)
    except OSError:
        break
    if not data:
        break
    said += data
    if not asked and b'Enter passphrase' in said:
        asked = True
        os.write(terminal, sys.argv[1].encode() + b'\n')
sys.stdout.write(said.decode('utf-8', 'replace'))
status = os.waitpid(child, 0)[1]
sys.exit(status >> 8)
