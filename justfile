# Recipes for the tasks in daily use. Arguments are passed to the task unchanged:
#   just build-vm debian-arm64 --project "../my project"
# except for "--", which just does not pass on; vm-run, vm-ssh and arm-dev-ssh add it again.

set positional-arguments

config := quote(justfile_directory() / "deno.json")

# `deno task` alone is the table of contents.
[private]
default:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# Build the project on the host and in every guest
[no-cd]
[no-exit-message]
build-all *args:
    @deno task --quiet --config {{ config }} build-all "$@"

# Build the project in one guest
[no-cd]
[no-exit-message]
build-vm *args:
    @deno task --quiet --config {{ config }} build-vm "$@"

# Build the project on the host
[no-cd]
[no-exit-message]
build-native *args:
    @deno task --quiet --config {{ config }} build-native "$@"

# Build the guests' images
[no-cd]
[no-exit-message]
setup-images *args:
    @deno task --quiet --config {{ config }} setup-images "$@"

# Set up an image by hand
[no-cd]
[no-exit-message]
provision-manual *args:
    @deno task --quiet --config {{ config }} provision-manual "$@"

# Run one command in a guest: just vm-run debian-arm64 uname -a
[no-cd]
[no-exit-message]
vm-run platform *command:
    @platform=$1; shift; deno task --quiet --config {{ config }} vm-run "$platform" -- "$@"

# Connect to a guest that was left running
[no-cd]
[no-exit-message]
vm-ssh platform *command:
    @platform=$1; shift; deno task --quiet --config {{ config }} vm-ssh "$platform" -- "$@"

# List the running guests
[no-cd]
[no-exit-message]
vm-list *args:
    @deno task --quiet --config {{ config }} vm-list "$@"

# Shut down a guest that was left running
[no-cd]
[no-exit-message]
vm-stop *args:
    @deno task --quiet --config {{ config }} vm-stop "$@"

# Remove everything that is no longer needed
[no-cd]
[no-exit-message]
gc *args:
    @deno task --quiet --config {{ config }} gc "$@"

# Remove what builds of the project kept for the next build
[no-cd]
[no-exit-message]
clean *args:
    @deno task --quiet --config {{ config }} clean "$@"

# Find the cause of a failed run, and the fix
[no-cd]
[no-exit-message]
ci-diagnose *args:
    @deno task --quiet --config {{ config }} ci-diagnose "$@"

# Show what this host can do, and what is missing
[no-cd]
[no-exit-message]
check *args:
    @deno task --quiet --config {{ config }} check "$@"

# Set up, then run every test
[no-cd]
[no-exit-message]
test *args:
    @deno task --quiet --config {{ config }} test "$@"

# Format, lint, types and unit tests
[no-cd]
[no-exit-message]
ok:
    @deno task --quiet --config {{ config }} ok

# Build every part of microVMs
[no-cd]
[no-exit-message]
build-images *args:
    @deno task --quiet --config {{ config }} build-images "$@"

# Boot the microVM of each variant and check what it offers
[no-cd]
[no-exit-message]
check-images *args:
    @deno task --quiet --config {{ config }} check-images "$@"

# Create the ARM dev guest
[no-cd]
[no-exit-message]
arm-dev-init *args:
    @deno task --quiet --config {{ config }} arm-dev-init "$@"

# Start the ARM dev guest
[no-cd]
[no-exit-message]
arm-dev *args:
    @deno task --quiet --config {{ config }} arm-dev "$@"

# Connect to the ARM dev guest, or run a command in it: just arm-dev-ssh uname -m
[no-cd]
[no-exit-message]
arm-dev-ssh *command:
    @case ${1-} in -*) ;; *) set -- -- "$@" ;; esac; \
    deno task --quiet --config {{ config }} arm-dev-ssh "$@"

# Show the status of the ARM dev guest
[no-cd]
[no-exit-message]
arm-dev-status *args:
    @deno task --quiet --config {{ config }} arm-dev-status "$@"

# Shut the ARM dev guest down cleanly
[no-cd]
[no-exit-message]
arm-dev-shutdown *args:
    @deno task --quiet --config {{ config }} arm-dev-shutdown "$@"

# Sync the ARM dev guest's copy of the project in both directions
[no-cd]
[no-exit-message]
arm-dev-sync *args:
    @deno task --quiet --config {{ config }} arm-dev-sync "$@"

# Apply the current configuration to the running ARM dev guest
[no-cd]
[no-exit-message]
arm-dev-update *args:
    @deno task --quiet --config {{ config }} arm-dev-update "$@"

# Free space in the ARM dev guest, and on the host
[no-cd]
[no-exit-message]
arm-dev-tidy *args:
    @deno task --quiet --config {{ config }} arm-dev-tidy "$@"

# Kill an ARM dev guest that does not shut down
[no-cd]
[no-exit-message]
arm-dev-kill *args:
    @deno task --quiet --config {{ config }} arm-dev-kill "$@"

# Destroy the ARM dev guest's disk
[no-cd]
[no-exit-message]
arm-dev-reset *args:
    @deno task --quiet --config {{ config }} arm-dev-reset "$@"
