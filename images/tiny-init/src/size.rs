//! Amounts of memory: `256M`, `1G`, `65536`, `50%`, `off`.

/// The bytes that a text stands for; a percentage is of `total`. `Some(0)` is "off"; `None` is not
/// a size, or one beyond 64 bits.
pub fn parse_size(text: &str, total: u64) -> Option<u64> {
    if matches!(text, "off" | "no") {
        return Some(0);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    if unit == "%" {
        return u64::try_from(u128::from(total) * u128::from(number) / 100).ok();
    }
    let factor: u64 = match unit {
        "" => 1,
        "K" | "k" | "KiB" => 1 << 10,
        "M" | "m" | "MiB" => 1 << 20,
        "G" | "g" | "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_size_knows_units_percentages_and_off() {
        for (text, bytes) in [
            ("65536", 65536),
            ("64k", 65536),
            ("256M", 256 << 20),
            ("2GiB", 2 << 30),
            ("50%", 500),
            ("150%", 1500),
            ("0", 0),
            ("off", 0),
        ] {
            assert_eq!(parse_size(text, 1000), Some(bytes), "{text}");
        }
    }

    #[test]
    fn parse_size_refuses_what_is_no_size() {
        for text in ["", "M", "-1M", "1.5G", "12 M", "12T", "%", "+5", "99999999999999999999"] {
            assert_eq!(parse_size(text, 1000), None, "{text}");
        }
        assert_eq!(parse_size("18446744073709551615G", 0), None);
        assert_eq!(parse_size("18446744073709551615%", u64::MAX), None);
    }
}
