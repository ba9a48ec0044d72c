# bash completion for guesthouse. Load it with:
#   source <(deno task --quiet completion bash)
# Kept to what bash 3.2 knows, the version that macOS ships.

_guesthouse_root=@ROOT@

# The words up to the cursor into the array "words". bash splits --name=value at the equals
# sign; here the parts are joined again.
_guesthouse_words() {
  local word last=
  words=()
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    local count=${#words[@]}
    if [[ $count -gt 0 && ($word == = || $last == =) && ${words[count - 1]} == --* ]]; then
      words[count - 1]+=$word
    else
      words+=("$word")
    fi
    last=$word
  done
}

# Adds the answer of the task, without the part in front of the equals sign: where that is a
# word break, readline replaces only what follows it.
_guesthouse_add() {
  local start=$1 typed=$2 line path option
  while IFS= read -r line; do
    case $line in
      :files | :directories)
        option=-f
        [[ $line == :directories ]] && option=-d
        compopt -o filenames 2>/dev/null # bash 3.2 has no compopt, and adds no slash
        while IFS= read -r path; do COMPREPLY+=("$path"); done \
          < <(compgen "$option" -- "${typed#"$start"}")
        ;;
      *)
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$start"}")
        ;;
    esac
  done
}

_guesthouse() {
  local command=${1##*/} deno=deno words typed start=
  _guesthouse_words
  words[0]=$command
  if [[ $PWD/ != "$_guesthouse_root"/* ]] ||
    [[ $command == deno && (${words[1]} != task || ${#words[@]} -lt 3) ]]; then
    local previous=_guesthouse_previous_$command
    [[ -n ${!previous} ]] && "${!previous}" "$@"
    return
  fi
  [[ $command == deno ]] && deno=$1
  typed=${words[${#words[@]} - 1]}
  [[ $typed == --*=* && $COMP_WORDBREAKS == *=* ]] && start=${typed%%=*}=
  COMPREPLY=()
  _guesthouse_add "$start" "$typed" < <(
    "$deno" task --quiet --config "$_guesthouse_root/deno.json" completion --list -- \
      "${words[@]}" 2>/dev/null </dev/null
  )
}

# The function that completes this command so far.
_guesthouse_previous() {
  local spec
  spec=$(complete -p "$1" 2>/dev/null) || return 0
  case $spec in
    *" -F _guesthouse "*) ;;
    *" -F "*)
      spec=${spec#* -F }
      printf '%s' "${spec%% *}"
      ;;
  esac
}

# Loading this twice must not make us our own predecessor.
_guesthouse_previous_deno=${_guesthouse_previous_deno:-$(_guesthouse_previous deno)}
_guesthouse_previous_just=${_guesthouse_previous_just:-$(_guesthouse_previous just)}
complete -o bashdefault -o default -F _guesthouse deno just
