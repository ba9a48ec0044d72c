#!/bin/sh
# Replaces symbolic links in the working directory: make_links.sh [TARGET PATH]...
# Deno.symlink() wants permission to write everywhere, and one shell does for many.
while [ "$#" -gt 0 ]; do
  ln -sfn -- "$1" "$2" || exit
  shift 2
done
