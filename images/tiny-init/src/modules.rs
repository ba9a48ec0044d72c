//! Kernel modules, in the order listed by the image's builder.

use crate::errno::errno;
use crate::report::line;
use crate::sys;
use std::fs::{self, File};
use std::io;

const DIRECTORY: &str = "/modules";

/// File names in `/modules/order`: one on each line, in load order. Blank lines and lines with `#`
/// are skipped.
fn parse_order(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Loads every listed module, and returns how many are loaded. A failure is reported, and the boot
/// continues: the root may not need that module. Without a list, the kernel has all it needs.
pub fn load_modules() -> usize {
    let order = match fs::read_to_string(format!("{DIRECTORY}/order")) {
        Ok(order) => order,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return 0,
        Err(error) => {
            report("order", &error);
            return 0;
        }
    };
    parse_order(&order).filter(|file| load(file)).count()
}

fn load(file: &str) -> bool {
    let loaded = File::open(format!("{DIRECTORY}/{file}")).and_then(|file| sys::load_module(&file));
    match loaded {
        Err(error) if errno(&error) != libc::EEXIST => {
            report(file, &error);
            false
        }
        _ => true,
    }
}

fn report(file: &str, error: &io::Error) {
    line(&format!("[module] {file}: errno={}", errno(error)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_order_keeps_the_order_and_drops_the_rest() {
        let order = "virtio.ko\n\n# the disk\n  virtio_blk.ko \r\next4.ko";
        let files: Vec<_> = parse_order(order).collect();
        assert_eq!(files, ["virtio.ko", "virtio_blk.ko", "ext4.ko"]);
        assert_eq!(parse_order("").count(), 0);
    }
}
