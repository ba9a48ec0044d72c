#!/bin/sh
# Becomes git with an address space of so many KiB: limited_git.sh KIB [ARG...]
# Not every system can limit that.
ulimit -v "$1" 2>/dev/null
shift
exec git "$@"
