#!/bin/sh
# Becomes a command, which so gets the terminal and the signals: become.sh STARTER COMMAND [ARG...]
# With a pid as STARTER it leaves a watcher behind, which ends the command once its starter is gone,
# kill -9 included: nobody else would. STARTER is "" where a supervisor does that.
#
# A permission set cannot name the path of the Deno that runs, hence this way to start it.
starter=$1
shift
[ -z "$starter" ] || (
  while kill -0 "$starter"; do
    kill -0 $$ || exit
    sleep 0.3
  done
  kill -TERM $$
) </dev/null >/dev/null 2>&1 &
exec "$@"
