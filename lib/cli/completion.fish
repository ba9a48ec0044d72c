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

function __guesthouse_candidates
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set words[1] $argv[1]
    # In quotes, since the word being typed counts also when it is empty.
    set -a words "$typed"
    for line in (deno task --quiet --config $__guesthouse_root/deno.json completion --list -- $words 2>/dev/null </dev/null)
        switch $line
            case :folders
                __fish_complete_directories "$typed"
            case :files
                __fish_complete_path "$typed"
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c deno -n __guesthouse_runs_task -f -a '(__guesthouse_candidates deno)'
complete -c just -n __guesthouse_is_here -f -a '(__guesthouse_candidates just)'
