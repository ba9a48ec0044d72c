#!/bin/sh
# Prints the memory limits of the control groups that a process is in, on the way up: its own, those
# of a slice of systemd or of a batch job, the container's. See cgroups(7).
#   memory_limits.sh /proc/PID/cgroup /sys/fs/cgroup
limits() {
  dir=$2
  while :; do
    read -r limit <"$1$dir/$3" && echo "$limit"
    [ -n "$dir" ] || return
    dir=${dir%/*}
  done
}
while IFS=: read -r id controllers path; do
  path=${path%/}
  case $id:,$controllers, in
    0:,,) limits "$2" "$path" memory.max ;;
    *:*,memory,*) limits "$2/memory" "$path" memory.limit_in_bytes ;;
  esac
done <"$1" 2>/dev/null
exit 0
