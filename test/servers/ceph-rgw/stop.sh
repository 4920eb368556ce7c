#!/usr/bin/env bash
# Stops what start.sh FOLDER started, or with `stop.sh FOLDER gateway` kills the gateway alone as a crash would. The folder stays.
set -uo pipefail

folder=$(cd "$1" && pwd) || exit 1

# The process of a pid file, if it is still the one that wrote it.
process_of() {
  local pid
  pid=$(cat "$folder/$1.pid" 2> /dev/null) || return 1
  tr '\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null | grep -qF -- "-c $folder/ceph.conf " && echo "$pid"
}

# Nothing is to be saved: the data lies in memory. A process that is dead but not yet reaped holds no port any more.
kill_now() {
  local pid
  pid=$(process_of "$1") || return 0
  kill -9 "$pid" 2> /dev/null
  while grep -q '^State:.[^ZX]' "/proc/$pid/status" 2> /dev/null; do sleep 0.05; done
}

kill_now gateway
[ "${2:-}" = gateway ] && exit 0
kill_now osd
kill_now mon
exit 0
