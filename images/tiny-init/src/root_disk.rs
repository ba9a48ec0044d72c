//! Finds the disk that holds the root.

use crate::cmdline::Words;
use crate::errno;
use crate::report::{say, Failure, Status};
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::time::{Duration, Instant};

const WAIT: Duration = Duration::from_secs(10);

/// The kernel keeps this much of a virtio disk's serial (VIRTIO_BLK_ID_BYTES).
const SERIAL_BYTES: usize = 20;

/// Waits for the disk that `guesthouse.root` names by serial or path (default `/dev/vda`). Returns
/// its path.
pub fn wait_for_root_disk(words: &Words) -> Result<String, Failure> {
    let wanted = words.value("root").unwrap_or("/dev/vda");
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(path) = find(wanted) {
            return Ok(path);
        }
        if start.elapsed() >= WAIT {
            break;
        }
        std::thread::sleep(pause);
        pause = (pause * 5 / 4).min(Duration::from_millis(50));
    }
    say!("root disk: not found: {wanted} (disks: {})", describe(&disks()));
    let error = errno::error(libc::ENODEV);
    Err(Failure { step: "root disk", status: Status::RootDisk, error })
}

fn find(wanted: &str) -> Option<String> {
    let path = if wanted.starts_with('/') {
        wanted.to_owned()
    } else {
        let disks = disks();
        let disk = disks.iter().find(|disk| disk.has_serial(wanted))?;
        format!("/dev/{}", disk.name)
    };
    fs::metadata(&path).is_ok_and(|found| found.file_type().is_block_device()).then_some(path)
}

/// A disk in `/sys/block`.
struct Disk {
    name: String,
    serial: String,
    /// Of 512 bytes, whatever the disk's own size is.
    sectors: u64,
}

impl Disk {
    fn has_serial(&self, wanted: &str) -> bool {
        let known = wanted.as_bytes().get(..SERIAL_BYTES).unwrap_or(wanted.as_bytes());
        self.name.starts_with("vd") && self.serial.as_bytes() == known
    }
}

/// The machine's disks by name, without those in memory or files.
fn disks() -> Vec<Disk> {
    let Ok(directory) = fs::read_dir("/sys/block") else {
        return Vec::new();
    };
    let mut disks: Vec<Disk> = directory
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !["loop", "ram", "zram"].iter().any(|kind| name.starts_with(kind)))
        .map(|name| {
            let read = |file| fs::read_to_string(format!("/sys/block/{name}/{file}"));
            Disk {
                serial: read("serial").unwrap_or_default().trim_end().to_owned(),
                sectors: read("size").ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0),
                name,
            }
        })
        .collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks
}

fn describe(disks: &[Disk]) -> String {
    if disks.is_empty() {
        return "none".to_owned();
    }
    let each = disks.iter().map(|Disk { name, serial, sectors }| match serial.as_str() {
        "" => format!("{name} of {} MiB", sectors >> 11),
        _ => format!("{name} of {} MiB with serial {serial}", sectors >> 11),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(name: &str, serial: &str) -> Disk {
        Disk { name: name.to_owned(), serial: serial.to_owned(), sectors: 16 << 11 }
    }

    #[test]
    fn has_serial_compares_what_the_kernel_knows() {
        assert!(disk("vdb", "root").has_serial("root"));
        assert!(!disk("vdb", "rootfs").has_serial("root"));
        assert!(disk("vda", "a-serial-of-24-bytes").has_serial("a-serial-of-24-bytes-all"));
        assert!(!disk("sda", "root").has_serial("root"));
    }

    #[test]
    fn describe_names_every_disk() {
        let disks = [disk("vda", "root"), disk("vdb", "")];
        assert_eq!(describe(&disks), "vda of 16 MiB with serial root, vdb of 16 MiB");
        assert_eq!(describe(&[]), "none");
    }
}
