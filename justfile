# Recipes for the tasks that people type daily. Arguments go to the task as they are:
#   just build-vm debian-arm64 --project "../my project"

set positional-arguments := true

config := quote(justfile_directory() / "deno.json")

# `deno task` alone is the table of contents.
[private]
default:
    @just --justfile {{ quote(justfile()) }} --list --unsorted

# Build the project on the host and in every guest
[no-cd]
build-all *args:
    @deno task --quiet --config {{ config }} build-all "$@"

# Build the project in one guest
[no-cd]
build-vm *args:
    @deno task --quiet --config {{ config }} build-vm "$@"

# Build the project on the host
[no-cd]
build-native *args:
    @deno task --quiet --config {{ config }} build-native "$@"

# Build the guests' images
[no-cd]
setup-images *args:
    @deno task --quiet --config {{ config }} setup-images "$@"

# Run one command in a guest: just vm-run debian-arm64 -- uname -a
[no-cd]
vm-run *args:
    @deno task --quiet --config {{ config }} vm-run "$@"

# Connect to a guest that was left up
[no-cd]
vm-ssh *args:
    @deno task --quiet --config {{ config }} vm-ssh "$@"

# List the guests that are up
[no-cd]
vm-list *args:
    @deno task --quiet --config {{ config }} vm-list "$@"

# Shut down a guest that was left up
[no-cd]
vm-stop *args:
    @deno task --quiet --config {{ config }} vm-stop "$@"

# Say what this host can do, and what it lacks
[no-cd]
check *args:
    @deno task --quiet --config {{ config }} check "$@"

# Set up, then run every test
[no-cd]
test *args:
    @deno task --quiet --config {{ config }} test "$@"

# Format, lint, types and unit tests
[no-cd]
ok:
    @deno task --quiet --config {{ config }} ok
