#!/bin/sh
# Prints the id of this boot, the name of the processor (empty where there is none), and the memory
# limits of the control groups that this process is in, on the way up: its own, those of a slice of systemd or of a batch job, the container's. See
# random(4) and cgroups(7). Deno itself reads nothing below /proc and /sys without all permissions.
#   kernel_facts.sh /proc /sys/fs/cgroup
limits() {
  dir=$2
  while :; do
    read -r limit <"$1$dir/$3" && echo "$limit"
    [ -n "$dir" ] || return
    dir=${dir%/*}
  done
}
boot=
read -r boot <"$1/sys/kernel/random/boot_id" 2>/dev/null
echo "$boot"
model=
while IFS= read -r line; do
  case $line in "model name"*) model=${line#*:} && break ;; esac
done <"$1/cpuinfo" 2>/dev/null
echo "$model"
while IFS=: read -r id controllers path; do
  path=${path%/}
  case $id:,$controllers, in
    0:,,) limits "$2" "$path" memory.max ;;
    *:*,memory,*) limits "$2/memory" "$path" memory.limit_in_bytes ;;
  esac
done <"$1/self/cgroup" 2>/dev/null
exit 0
