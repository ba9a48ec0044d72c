#!/bin/sh
# Runs a command that must not outlive the task which started it.
#   supervise.sh GRACE_SECONDS OUTPUT COMMAND [ARG...]
# OUTPUT is a file for the command's stdout and stderr, or "" to inherit both.
#
# Standard input is the lifeline: the task holds its other end. End of file there means that the
# task is gone (however it died, kill -9 included), and the command with all its children is ended:
# TERM, then KILL after the grace time. The line "keep" instead means that the command may outlive
# the task. The task starts this script in a session of its own, so that a Ctrl-C on the terminal
# reaches the task alone, which then shuts things down in order.
grace=$1
output=$2
shift 2
exec 3<&0 </dev/null
[ -z "$output" ] || exec >>"$output" 2>&1

"$@" 3<&- &
child=$!

(
  # The watcher and this script share the process group that is about to be ended.
  trap '' TERM HUP INT
  if IFS= read -r word <&3 && [ "$word" = keep ]; then exit 0; fi
  kill -TERM -$$ 2>/dev/null
  ticks=$((grace * 20))
  while [ "$ticks" -gt 0 ] && kill -0 "$child" 2>/dev/null; do
    sleep 0.05
    ticks=$((ticks - 1))
  done
  kill -KILL -$$ 2>/dev/null
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# A TERM for the whole group is meant for the command; this script stays to report how it ended.
trap : TERM HUP INT
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  status=$?
done
kill -KILL "$watcher" 2>/dev/null
# Whatever the command started and left in the group ends with it.
kill -TERM -$$ 2>/dev/null
exit "$status"
