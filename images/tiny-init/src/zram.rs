//! Swap in compressed memory.

use crate::cmdline::Words;
use crate::report::{say, say_failed, Watch};
use crate::size::parse_size;
use crate::swap::swap_header;
use crate::{errno, sys};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

const DEVICE: &str = "/dev/zram0";
const SYSFS: &str = "/sys/block/zram0";

/// The size if the module is loaded and the command line gives none.
const DEFAULT: &str = "50%";

/// Sets up swap as `guesthouse.zram=SIZE` says. Guests work without it, so a failure is only
/// reported.
pub fn set_up_zram(words: &Words, watch: &mut Watch) {
    let fallback = if Path::new(SYSFS).exists() { DEFAULT } else { "off" };
    let wanted = words.value("zram").unwrap_or(fallback);
    let Some(bytes) = parse_size(wanted, sys::memory_bytes()) else {
        say!("zram: not a size: {wanted:?} (such as 256M, 50%, off)");
        return say_failed("zram", &errno::error(libc::EINVAL));
    };
    if bytes == 0 {
        return;
    }
    match swap_in_memory(bytes) {
        Ok(()) => say!("zram: {} ms ({} MiB)", watch.step_ms(), bytes >> 20),
        Err(error) => say_failed("zram", &error),
    }
}

fn swap_in_memory(bytes: u64) -> io::Result<()> {
    let page_size = sys::page_size();
    let bytes = bytes / page_size as u64 * page_size as u64;
    let header = swap_header(bytes, page_size).ok_or_else(|| errno::error(libc::EINVAL))?;
    fs::write(format!("{SYSFS}/disksize"), bytes.to_string())?;
    OpenOptions::new().write(true).open(DEVICE)?.write_all(&header)?;
    sys::swap_on(DEVICE)
}
