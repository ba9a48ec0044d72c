# zsh completion for guesthouse. Load it with:
#   source <(deno task --quiet completion zsh)

# Nobody has set completion up in a fresh zsh; -i, since a question here would be asked at the
# start of every session.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }

typeset -g _guesthouse_root=@ROOT@
typeset -gA _guesthouse_previous

_guesthouse() {
  local command=$service deno=deno
  if [[ $PWD/ != $_guesthouse_root/* ]] ||
    [[ $command == deno && ( $words[2] != task || $CURRENT -lt 3 ) ]]; then
    ${_guesthouse_previous[$command]:-_default} "$@"
    return
  fi
  # The deno that was typed need not be on PATH; its tilde is still a tilde.
  [[ $command == deno ]] && whence -p ${~${(Q)words[1]}} >/dev/null && deno=${~${(Q)words[1]}}
  local line paths= tab=$'\t'
  local -i before=$compstate[nmatches]
  local -a given plain described
  # zsh gives the words as they were typed, quotes included.
  given=($command "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
  while IFS= read -r line; do
    case $line in
      (:files|:directories) paths=$line ;;
      # _describe separates the word from its help by a colon.
      (*$tab*) described+=("${${line%%$tab*}//:/\\:}:${line#*$tab}") ;;
      (*) plain+=("$line") ;;
    esac
  done < <(
    $deno task --quiet --config $_guesthouse_root/deno.json completion --list -- \
      "${given[@]}" 2>/dev/null </dev/null
  )
  # Of --name=path only the path is left to complete; it may have equals signs of its own.
  [[ -n $paths && $PREFIX == --*=* ]] && compset -P 1 '*='
  case $paths in
    (:directories) _files -/ ;;
    (:files) _files ;;
  esac
  (( $#plain )) && compadd -a plain
  (( $#described )) && _describe guesthouse described
  # Without a match other completers have their turn.
  (( compstate[nmatches] > before ))
}

() {
  local command
  for command in deno just; do
    # Loading this twice must not make us our own predecessor.
    [[ -n $_comps[$command] && $_comps[$command] != _guesthouse ]] &&
      _guesthouse_previous[$command]=$_comps[$command]
  done
}
compdef _guesthouse deno just
