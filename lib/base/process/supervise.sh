#!/usr/bin/env sh
# Runs a command that must not outlive the task which started it.
#   supervise.sh GRACE_MS INPUT OUTPUT MARK COMMAND [ARG...]
# INPUT is a file for the command's stdin, removed once it is open, or "" for none.
# OUTPUT is a file for the command's stdout and stderr, or "" to inherit both.
# MARK is the words `NAME VALUE` of a variable, or "". What the command leaves with that variable in
# its environment stays when the command ends: see end_marked.sh.
#
# Standard input is the lifeline: the task holds its other end. End of file there means that the
# task is gone (however it died, kill -9 included), and the command with all its children is ended:
# TERM, then KILL after the grace time. The line "keep" instead means that the command may outlive
# the task. The task starts this script in a session of its own, so that a Ctrl-C on the terminal
# reaches the task alone, which then shuts things down in order.
ticks=$(($1 / 50))
input=$2
output=$3
mark=$4
shift 4
exec 3<&0 4<"${input:-/dev/null}" </dev/null
[ -z "$input" ] || rm -f "$input"
[ -z "$output" ] || exec >>"$output" 2>&1

# A signal to this script is meant for the command; this script stays to report how that ended.
# Until setsid has run there is no such group, and what is still a copy of this shell would lose the
# signal.
child=
ended=
end() {
  ended=yes
  tries=100
  until [ -z "$child" ] || kill -TERM "-$child" || ! kill -0 "$child" || [ "$tries" = 0 ]; do
    sleep 0.01
    tries=$((tries - 1))
  done 2>/dev/null
}
trap end TERM HUP INT

# The command leads a process group that this script is not in, so that all of it can be ended and
# its end be waited for.
if command -v setsid >/dev/null 2>&1; then
  setsid "$@" <&4 3<&- 4<&- &
else
  # macOS has no setsid; its sh gives background jobs a group even without a terminal.
  set -m
  "$@" <&4 3<&- 4<&- &
  set +m
fi
child=$!
[ -z "$ended" ] || end
# From here on the shell's own remarks ("Terminated") must not mix with the command's output.
exec 4<&- >/dev/null 2>&1

(
  # What ends the whole session is meant for the command; the watcher outlasts it.
  trap '' TERM HUP INT
  if IFS= read -r word <&3 && [ "$word" = keep ]; then exit 0; fi
  end
  while [ "$ticks" -gt 0 ] && kill -0 "$child"; do
    sleep 0.05
    ticks=$((ticks - 1))
  done
  kill -KILL "-$child"
) &
exec 3<&-

wait "$child"
status=$?
while kill -0 "$child"; do
  wait "$child"
  status=$?
done

# Ends the watcher by the group that it shares with this script: once it was told to keep, its pid
# may be another's.
trap '' USR1
kill -USR1 -$$
# What has ended counts no longer, though in a container nobody may ever reap it.
group_runs() {
  if [ -e /proc/self/stat ]; then
    cat /proc/[0-9]*/stat | grep -q ") [^ZX] [0-9]* $child "
  else
    kill -0 "-$child"
  fi
}
# Whatever the command started and left in its group ends with it, but for what is marked.
if [ -n "$mark" ] && [ -z "$ended" ]; then
  "${0%/*}/end_marked.sh" ${mark} but "$child"
elif kill -TERM "-$child"; then
  while [ "$ticks" -gt 0 ] && group_runs; do
    sleep 0.05
    ticks=$((ticks - 1))
  done
  kill -KILL "-$child"
fi
exit "$status"
