//! The header of a swap area, as mkswap(8) writes it (`union swap_header` in
//! include/linux/swap.h), in this machine's byte order.

/// The first page of a swap area of `bytes`. `None` if there is no room for a page of swap. The
/// UUID stays zero: nothing looks for an area in memory by its UUID.
pub fn swap_header(bytes: u64, page_size: usize) -> Option<Vec<u8>> {
    // The last page's number has 32 bits; the rest of a larger area is not used.
    let last_page = u32::try_from((bytes / page_size as u64).checked_sub(1)?).unwrap_or(u32::MAX);
    if last_page == 0 {
        return None;
    }
    let mut page = vec![0; page_size];
    page[1024..1028].copy_from_slice(&1u32.to_ne_bytes());
    page[1028..1032].copy_from_slice(&last_page.to_ne_bytes());
    page[page_size - 10..].copy_from_slice(b"SWAPSPACE2");
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn swap_header_counts_pages_after_the_first() {
        let page = swap_header(1 << 20, 4096).unwrap();
        assert_eq!(page.len(), 4096);
        assert_eq!(page[1028..1032], 255u32.to_ne_bytes());
        assert_eq!(&page[4086..], b"SWAPSPACE2");
        assert_eq!(swap_header(1 << 20, 65536).unwrap()[1028..1032], 15u32.to_ne_bytes());
    }

    #[test]
    fn swap_header_refuses_what_holds_no_page() {
        for bytes in [0, 4095, 4096, 8191] {
            assert_eq!(swap_header(bytes, 4096), None);
        }
        assert!(swap_header(8192, 4096).is_some());
    }

    #[test]
    fn swap_header_equals_mkswap() {
        let path = std::env::temp_dir().join(format!("tiny-init-swap-{}", std::process::id()));
        let size = 3 << 20;
        std::fs::write(&path, vec![0; size]).unwrap();
        let mkswap = Command::new("mkswap")
            .args(["--pagesize", "4096", "--uuid", "clear"])
            .arg(&path)
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .output();
        let made = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        match mkswap {
            Ok(output) if output.status.success() => {
                assert_eq!(swap_header(size as u64, 4096).unwrap(), made[..4096]);
            }
            _ => eprintln!("skipped: no mkswap that knows --uuid clear"),
        }
    }
}
