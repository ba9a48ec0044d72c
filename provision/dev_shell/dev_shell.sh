# Runs in the guest, sent along with each call of arm-dev-ssh:
#   sh -c THIS dev-shell DIR [CMD...]
# CMD runs in DIR, in the environment of the project there; without CMD a login shell does.
dir=$1
shift
cd -- "$dir" || { echo "dev-shell: the guest has no directory $dir" >&2; exit 1; }
lib=/usr/local/lib/guesthouse
[ ! -d /etc/guesthouse/direnv ] || export DIRENV_CONFIG=/etc/guesthouse/direnv
[ ! -r /run/guesthouse/nix.conf ] ||
  export NIX_USER_CONF_FILES="$HOME/.config/nix/nix.conf:/run/guesthouse/nix.conf"

nix=
[ ! -e shell.nix ] && [ ! -e flake.nix ] || nix=yes
# A shell that has direnv's hook loads the environment itself, and follows "cd".
if [ $# -eq 0 ]; then
  if [ -e "$lib/shell/.envrc" ] || [ -z "$nix" ] || [ -e .envrc ]; then
    if command -v bash >/dev/null; then exec bash -l; fi
    exec "${SHELL:-sh}" -l
  fi
  [ -e shell.nix ] && exec nix-shell
  exec nix develop
fi

if [ -e .envrc ] && command -v direnv >/dev/null; then
  export DIRENV_LOG_FORMAT=
  exec direnv exec . "$@"
fi
[ -n "$nix" ] || exec "$@"
if [ -x "$lib/dev-env" ]; then
  commands=$("$lib/dev-env") || exit
  eval "$commands"
  exec "$@"
fi
if [ -e shell.nix ]; then
  # nix-shell takes one text for a shell.
  words=
  for word in "$@"; do
    words="$words '$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")'"
  done
  exec nix-shell --run "exec$words"
fi
exec nix develop --command "$@"
