#!/bin/sh
# Writes the names of what is below a directory to a file: list_tree.sh DIR FILE
# A name ends with a NUL byte; a directory's comes twice, and a link's three times. Ends with 1 if not
# all could be read.
cd "$1" || exit 2
find . -type d -print0 -print0 -o -type l -print0 -print0 -print0 -o -type f -print0 \
  >"$2" 2>/dev/null || exit 1
