#!/bin/sh
# Ends processes by a variable of their environment: TERM, and KILL after two seconds.
#   end_marked.sh NAME VALUE            those that have it
#   end_marked.sh NAME VALUE later      the same, as soon as this script gets a TERM
#   end_marked.sh NAME VALUE but GROUP  those of a process group that lack it, or hide it
# The words are apart, so that `ps` does not find this script itself.
mark=$1=$2
what=$3
group=$4

marked() {
  if [ -e /proc/self/environ ]; then
    grep -lszxF -e "$mark" /proc/[0-9]*/environ | tr -dc '0-9\n'
  else
    # macOS has no /proc; it hides the environment of its own programs. No grep, which `ps` would list
    # with the mark among its words.
    ps axeww -o pid=,command= | while read -r pid words; do
      case $words in *" $mark"*) echo "$pid" ;; esac
    done
  fi
}

others() {
  left=" $(marked | tr '\n' ' ')"
  if [ -e /proc/self/stat ]; then
    sed -n "s/^\([0-9]*\) (.*) [^ZX] [0-9]* $group .*/\1/p" /proc/[0-9]*/stat
  else
    ps -A -o pid=,pgid= | while read -r pid own; do [ "$own" != "$group" ] || echo "$pid"; done
  fi | while read -r pid; do
    case $left in *" $pid "*) ;; *) echo "$pid" ;; esac
  done
}

end() {
  tries=40
  while pids=$("$1") && [ -n "$pids" ] && [ "$tries" -gt 0 ]; do
    case $tries in 40) kill -TERM $pids ;; [1-9] | 1?) kill -KILL $pids ;; esac
    sleep 0.1
    tries=$((tries - 1))
  done
}

exec 2>/dev/null
case $what in
  but) end others ;;
  later)
    trap 'end marked; exit' TERM HUP INT
    while :; do sleep 3600 & wait; done
    ;;
  *) end marked ;;
esac
