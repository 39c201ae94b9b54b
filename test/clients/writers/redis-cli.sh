#!/usr/bin/env bash
# redis-cli as scripts use it: asks the sentinels for the master, and again once that fails. Arguments: the group, then each sentinel as HOST:PORT.
# Reads lines "KEY VALUE", writes "OK" or "ERROR what" for each.
set -u
group=$1
shift
master=()

find_master() {
  local sentinel
  for sentinel in "$@"; do
    mapfile -t master < <(redis-cli -h "${sentinel%:*}" -p "${sentinel#*:}" --raw SENTINEL get-master-addr-by-name "$group" 2>/dev/null)
    [ "${#master[@]}" -eq 2 ] && return 0
  done
  return 1
}

while read -r key value; do
  if [ "${#master[@]}" -ne 2 ] && ! find_master "$@"; then
    echo "ERROR no sentinel names a master"
    continue
  fi
  if answer=$(redis-cli -e -h "${master[0]}" -p "${master[1]}" SET "$key" "$value" 2>&1); then
    echo "$answer"
  else
    master=()
    echo "ERROR $answer"
  fi
done
