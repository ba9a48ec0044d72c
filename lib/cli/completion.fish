# fish completion for guesthouse. Load it with:
#   deno task --quiet completion fish | source

set -g __guesthouse_root @ROOT@

function __guesthouse_is_here
    set -l length (string length -- $__guesthouse_root/)
    test (string sub --length $length -- $PWD/) = $__guesthouse_root/
end

function __guesthouse_runs_task
    set -l words (commandline -opc)
    __guesthouse_is_here; and test (count $words) -ge 2; and test $words[2] = task
end

# The word that is being typed, whose last quote may still be open.
function __guesthouse_unquoted
    for quote in '' '"' "'"
        string unescape -- $argv[1]$quote; and return
    end
end

function __guesthouse_candidates
    set -l words (commandline -opc)
    # The deno that was typed need not be on PATH; its tilde is still a tilde.
    set -l deno (string replace --regex '^~(?=/)' -- $HOME $words[1])
    test $argv[1] = deno; and command -q -- $deno; or set deno deno
    set words[1] $argv[1]
    set -l raw (commandline -ct)
    set -l typed (__guesthouse_unquoted "$raw")
    # In quotes, since the word being typed counts also when it is empty.
    set -a words "$typed"
    # Of --name=path fish completes only the path, as it was typed.
    set -l option (string match --regex '^--[^=]*=' -- "$typed")
    set -l path (string replace --regex '^(["\']?)--[^=]*=' '$1' -- "$raw")
    for line in ($deno task --quiet --config $__guesthouse_root/deno.json completion --list -- $words 2>/dev/null </dev/null)
        switch $line
            case :directories
                printf '%s\n' "$option"(__fish_complete_directories "$path")
            case :files
                printf '%s\n' "$option"(__fish_complete_path "$path")
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c deno -n __guesthouse_runs_task -f -a '(__guesthouse_candidates deno)'
complete -c just -n __guesthouse_is_here -f -a '(__guesthouse_candidates just)'
