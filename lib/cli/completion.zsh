# zsh completion for guesthouse. Load it after compinit with:
#   source <(deno task --quiet completion zsh)

typeset -g _guesthouse_root=@ROOT@
typeset -gA _guesthouse_previous

_guesthouse() {
  local command=$service
  if [[ $PWD/ != $_guesthouse_root/* ]] ||
    [[ $command == deno && ( $words[2] != task || $CURRENT -lt 3 ) ]]; then
    ${_guesthouse_previous[$command]:-_default} "$@"
    return
  fi
  local line paths= tab=$'\t'
  local -a given plain described
  given=($command "${(@)words[2,CURRENT]}")
  while IFS= read -r line; do
    case $line in
      (:files|:folders) paths=$line ;;
      # _describe separates the word from its help by a colon.
      (*$tab*) described+=("${${line%%$tab*}//:/\\:}:${line#*$tab}") ;;
      (*) plain+=("$line") ;;
    esac
  done < <(
    deno task --quiet --config $_guesthouse_root/deno.json completion --list -- \
      "${given[@]}" 2>/dev/null </dev/null
  )
  if [[ -n $paths ]]; then
    # Of --name=path only the path is left to complete.
    [[ $PREFIX == --*=* ]] && compset -P '*='
    if [[ $paths == :folders ]]; then _files -/; else _files; fi
    return
  fi
  (( $#plain )) && compadd -a plain
  (( $#described )) && _describe guesthouse described
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
