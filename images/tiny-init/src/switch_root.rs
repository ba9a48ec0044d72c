//! Makes the mounted root `/`, and frees the initramfs.

use crate::mounts::ROOT;
use crate::sys;
use std::fs;
use std::io;
use std::os::unix::fs::{chroot, MetadataExt};
use std::path::Path;

/// Leaves the initramfs for the root. Other mounts in it stay, out of sight: the disk and `/tmp`
/// below an overlay.
pub fn switch_root() -> io::Result<()> {
    std::env::set_current_dir(ROOT)?;
    let initramfs = fs::metadata("/")?.dev();
    remove_below(Path::new("/"), initramfs);
    sys::mount(".", "/", "", libc::MS_MOVE, "")?;
    chroot(".")?;
    std::env::set_current_dir("/")
}

/// Removes the files of one file system. What cannot be removed only costs memory.
fn remove_below(directory: &Path, device: u64) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match fs::symlink_metadata(&path) {
            Ok(found) if found.dev() != device => {}
            Ok(found) if found.is_dir() => {
                remove_below(&path, device);
                let _ = fs::remove_dir(&path);
            }
            _ => {
                let _ = fs::remove_file(&path);
            }
        }
    }
}
