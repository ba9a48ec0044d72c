#!/bin/sh
# Whether whoever runs this may serve a directory: probe_share.sh DIR. Asked that way, since root in
# a user namespace is no root. Status 3: it may not be entered; 4: nothing may be written to it.
[ -r "$1" ] && [ -x "$1" ] || exit 3
[ -w "$1" ] || exit 4
