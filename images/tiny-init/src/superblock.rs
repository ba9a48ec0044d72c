//! What a disk contains, from its first bytes.

/// Bytes to read for [`content`].
pub const PROBE_BYTES: usize = 4096;

/// A file system that a root disk may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootFs {
    Ext4,
    Erofs,
}

impl RootFs {
    pub fn from_name(name: &str) -> Option<RootFs> {
        match name {
            "ext4" => Some(RootFs::Ext4),
            "erofs" => Some(RootFs::Erofs),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            RootFs::Ext4 => "ext4",
            RootFs::Erofs => "erofs",
        }
    }
}

/// Magic bytes by offset. A partition table comes last: a boot sector may precede a file system.
const MAGIC: [(usize, &[u8], &str); 8] = [
    // EXT4_SUPER_MAGIC, which ext2 and ext3 share; the driver of ext4 mounts those, too.
    (1024 + 0x38, b"\x53\xef", "ext4"),
    // EROFS_SUPER_MAGIC_V1
    (1024, b"\xe2\xe1\xf5\xe0", "erofs"),
    (0, b"XFSB", "xfs"),
    (0, b"hsqs", "squashfs"),
    // The disk was attached as raw.
    (0, b"QFI\xfb", "qcow2"),
    (4096 - 10, b"SWAPSPACE2", "swap"),
    (512, b"EFI PART", "a partition table"),
    (510, b"\x55\xaa", "a partition table"),
];

/// Names what the disk contains, if it is known.
pub fn content(start: &[u8]) -> Option<&'static str> {
    let holds = |(offset, magic, _): &&(usize, &[u8], &str)| {
        start.get(*offset..).is_some_and(|rest| rest.starts_with(magic))
    };
    MAGIC.iter().find(holds).map(|(_, _, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(offset: usize, magic: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; PROBE_BYTES];
        bytes[offset..offset + magic.len()].copy_from_slice(magic);
        bytes
    }

    #[test]
    fn content_tells_file_systems_apart() {
        assert_eq!(content(&disk(0x438, &0xef53u16.to_le_bytes())), Some("ext4"));
        assert_eq!(content(&disk(1024, &0xe0f5_e1e2_u32.to_le_bytes())), Some("erofs"));
        assert_eq!(content(&disk(0, b"QFI\xfb")), Some("qcow2"));
        assert_eq!(content(&disk(510, b"\x55\xaa")), Some("a partition table"));
    }

    #[test]
    fn content_prefers_a_file_system_to_a_boot_sector() {
        let mut bytes = disk(510, b"\x55\xaa");
        bytes[0x438..0x43a].copy_from_slice(b"\x53\xef");
        assert_eq!(content(&bytes), Some("ext4"));
    }

    #[test]
    fn content_of_an_empty_or_short_disk_is_unknown() {
        assert_eq!(content(&vec![0; PROBE_BYTES]), None);
        assert_eq!(content(b""), None);
        assert_eq!(content(&[0xe2; 100]), None);
    }

    #[test]
    fn from_name_and_name_agree() {
        for fs in [RootFs::Ext4, RootFs::Erofs] {
            assert_eq!(RootFs::from_name(fs.name()), Some(fs));
        }
        assert_eq!(RootFs::from_name("ext3"), None);
    }
}
