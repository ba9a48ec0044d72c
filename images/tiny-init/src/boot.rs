//! The way from the kernel to the root's init, step by step.

use crate::cmdline::Words;
use crate::first_boot::first_boot;
use crate::launch::{choose_init, exec_init};
use crate::modules::load_modules;
use crate::mounts::{make_devices, mount_pseudo, move_pseudo};
use crate::network::set_up_network;
use crate::report::{say, Failure, Status, Watch};
use crate::root::mount_root;
use crate::root_disk::wait_for_root_disk;
use crate::seed::{owner, Seed};
use crate::switch_root::switch_root;
use crate::zram::set_up_zram;
use std::convert::Infallible;
use std::ffi::c_char;
use std::fs;
use std::path::Path;

/// Boots. Returns only if it fails; `arguments` are passed to the root's init.
pub fn boot(arguments: &[*const c_char]) -> Result<Infallible, Failure> {
    let mut watch = Watch::start();
    mount_pseudo()?;
    say!("mounts: {} ms", watch.step_ms());
    let words = fs::read_to_string("/proc/cmdline")
        .map_err(Failure::of("read /proc/cmdline", Status::PseudoMount))?;
    let words = Words::parse(&words);

    let loaded = load_modules();
    say!("modules: {} ms ({loaded} loaded)", watch.step_ms());
    set_up_zram(&words, &mut watch);

    let disk = wait_for_root_disk(&words)?;
    let outcome = mount_root(&disk, &words)?;
    say!("root: {} ms ({disk}, {outcome})", watch.step_ms());
    if words.flag("first-boot") == Some(true) {
        return Err(first_boot(&mut watch));
    }
    set_up_network(&words, &mut watch);

    make_devices();

    let seed_failed = Failure::of("seed", Status::Seed);
    let seed = Seed::read(Path::new("/seed")).map_err(&seed_failed)?;
    move_pseudo()?;
    switch_root().map_err(Failure::of("switch-root", Status::RootMount))?;
    watch.step_ms();
    if let Some(seed) = seed {
        seed.write(Path::new("/"), owner).map_err(&seed_failed)?;
        say!("seed: {} ms ({} files and directories)", watch.step_ms(), seed.len());
    }
    let init = choose_init(&words);
    say!("switch-root: total {} ms ({init})", watch.total_ms());
    Err(exec_init(&init, arguments))
}
