#!/bin/sh
# Writes the names of what is below a directory to a file: list_tree.sh DIR FILE
# A name ends with a NUL byte, and a directory's comes twice. What cannot be read is passed over: the
# copy will name it.
cd "$1" || exit
find . -type d -print0 -print0 -o \( -type f -o -type l \) -print0 >"$2" 2>/dev/null
exit 0
