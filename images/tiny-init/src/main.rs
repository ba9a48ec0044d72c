//! PID 1 of guesthouse's initramfs: loads modules, mounts the root disk and hands over to its init.
//! What it reads from the command line and what it prints is in `docs/tiny-init.md`.
#![cfg_attr(not(test), no_main)]
#![cfg_attr(test, allow(dead_code))]

// Easily lost: Cargo reads `.cargo/config.toml` of the directory that it is started in.
#[cfg(not(any(target_feature = "crt-static", debug_assertions)))]
compile_error!("not static: build in this directory, or with -C target-feature=+crt-static");

mod boot;
mod cmdline;
mod elf;
mod errno;
mod first_boot;
mod launch;
mod modules;
mod mounts;
mod network;
mod report;
mod root;
mod root_disk;
mod seed;
mod size;
mod superblock;
mod swap;
mod switch_root;
mod sys;
mod zram;

use std::ffi::{c_char, c_int};

/// In place of Rust's own start-up, which aborts where there is no `/dev/null` yet.
///
/// # Safety
///
/// Takes what the C start-up code passes: `count` valid arguments.
#[cfg_attr(not(test), no_mangle)]
pub unsafe extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    if !sys::is_init_of_initramfs() {
        sys::write(2, b"tiny-init runs as PID 1 of an initramfs, whose files it removes\n");
        return 2;
    }
    report::power_off_on_panic();
    // SAFETY: as promised by the caller.
    let arguments = unsafe { std::slice::from_raw_parts(arguments, count as usize) };
    let Err(failure) = boot::boot(arguments.get(1..).unwrap_or_default());
    report::say_failed(failure.step, &failure.error);
    report::power_off(failure.status)
}
