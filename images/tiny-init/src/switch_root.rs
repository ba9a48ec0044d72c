//! Makes the mounted root `/`, and frees what the initramfs held.

use crate::mounts::ROOT;
use crate::sys;
use std::fs;
use std::io;
use std::os::unix::fs::{chroot, MetadataExt};
use std::path::Path;

/// Leaves the initramfs for the root. Whatever else is mounted in it stays, out of sight: below an
/// overlay are the disk and `/tmp`.
pub fn switch_root() -> io::Result<()> {
    std::env::set_current_dir(ROOT)?;
    let initramfs = fs::metadata("/")?.dev();
    remove_below(Path::new("/"), initramfs);
    sys::mount(".", "/", "", libc::MS_MOVE, "")?;
    chroot(".")?;
    std::env::set_current_dir("/")
}

/// Removes what lies on one file system. What cannot be removed costs memory, nothing else.
fn remove_below(folder: &Path, device: u64) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
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
