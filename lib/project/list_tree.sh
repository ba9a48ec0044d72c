#!/bin/sh
# Writes the names of what is below a directory to a file: list_tree.sh DIR FILE
# A name ends with a NUL byte; a directory's comes twice, and a link's three times. Ends with 1 if not
# all could be read. FILE.odd names what has a time later than now, and files of more than 1 MiB.
cd "$1" || exit 2
code=0
find . -type d -print0 -print0 -o -type l -print0 -print0 -print0 -o -type f -print0 \
  >"$2" 2>/dev/null || code=1
find . \( -type f \( -newer "$2" -o -size +2048 \) -o -type d -newer "$2" \) -print0 \
  >"$2.odd" 2>/dev/null
exit $code
