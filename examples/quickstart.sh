#!/bin/sh
# What "npm run quickstart" does: a key, a backup, a restore, a comparison. Each command is shown before it runs.
# It can be run as often as you like: the key stays, and what is stored already is not stored again.
set -eu
cd "$(dirname "$0")/.."

show() {
  printf '\n$ %s\n' "$*"
}

bat() {
  show npx bat "$@"
  node bin/bat.js "$@"
}

key=examples/work/key.txt
recipients=examples/work/recipients.txt

mkdir -p examples/work
[ -e "$key" ] || bat keygen --output "$key"

# The public half of the key is all that a backup needs.
show "grep -o 'age1.*' $key > $recipients"
grep -o 'age1.*' "$key" > "$recipients"

bat run examples/quickstart.yaml
bat restore examples/quickstart.yaml --identity "$key" --to examples/work/restored

show diff -r examples/photos-and-notes examples/work/restored
diff -r examples/photos-and-notes examples/work/restored
printf 'No difference: what was restored is what was backed up.\n'
