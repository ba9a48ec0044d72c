#!/bin/sh
# mmdebstrap's essential hook: lays empty files where openssh-server's script would otherwise make
# host keys, which takes it up to a minute under emulation. The provisioning removes them; a
# guest's host key comes with each run.
set -eu
mkdir -p "$1/etc/ssh"
for type in rsa ecdsa ed25519; do : >"$1/etc/ssh/ssh_host_${type}_key"; done
