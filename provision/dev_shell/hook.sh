# Read by login shells, behind a line that sets _guesthouse_share. In the project's directory bash gets
# the project's environment by direnv, and loses it again outside.
export DIRENV_CONFIG=/etc/guesthouse/direnv
# The host's store, where the guest was started with it; the user's own settings come first.
if [ -r /run/guesthouse/nix.conf ]; then
  export NIX_USER_CONF_FILES="$HOME/.config/nix/nix.conf:/run/guesthouse/nix.conf"
fi

if [ -n "${BASH_VERSION-}" ] && [ -n "${PS1-}" ] && command -v direnv >/dev/null; then
  # The directory whose .envrc counts for this one: a project without its own has one beside it.
  _guesthouse_env_dir() {
    _guesthouse_at=$PWD
    case $PWD/ in
      "$_guesthouse_share"/*) ;;
      *) return ;;
    esac
    local dir=$PWD
    while :; do
      [ ! -e "$dir/.envrc" ] || return
      [ "$dir" != "$_guesthouse_share" ] || break
      dir=${dir%/*}
    done
    if [ -e "$dir/shell.nix" ] || [ -e "$dir/flake.nix" ]; then
      _guesthouse_at=/usr/local/lib/guesthouse/shell
    fi
  }

  # As direnv's own hook, which knows one directory alone.
  _guesthouse_hook() {
    local status=$?
    _guesthouse_env_dir
    trap -- '' INT
    eval "$(cd "$_guesthouse_at" && direnv export bash)"
    trap - INT
    return $status
  }

  case ";${PROMPT_COMMAND-};" in
    *";_guesthouse_hook;"*) ;;
    *) PROMPT_COMMAND="_guesthouse_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
  esac
fi
