//! How many processes the OOM killer has killed since boot.

use std::fs;

/// The count; 0 if the kernel does not report it (before 4.13).
pub fn kills() -> u64 {
    parse(&fs::read_to_string("/proc/vmstat").unwrap_or_default())
}

fn parse(vmstat: &str) -> u64 {
    let count = vmstat.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_count_is_found_and_not_that_of_another_line() {
        assert_eq!(super::parse("pgfault 9\noom_kill_x 7\noom_kill 3\n"), 3);
        assert_eq!(super::parse("pgfault 9\n"), 0);
    }
}
