//! Which machine a program is for, from the first bytes of its file.

/// Bytes to read for [`Program::of`], including `e_machine`.
pub const HEADER_BYTES: usize = 20;

/// What the start of a file says about it.
#[derive(Debug, PartialEq, Eq)]
pub enum Program {
    /// An ELF file for this `e_machine` (`<elf.h>`).
    Elf(u16),
    /// `#!`: the kernel looks for the interpreter.
    Script,
    /// Unknown here; the kernel decides.
    Other,
}

impl Program {
    pub fn of(header: &[u8]) -> Program {
        if header.starts_with(b"#!") {
            return Program::Script;
        }
        match (header.get(..4), header.get(5), header.get(18..20)) {
            (Some(b"\x7fELF"), Some(1), Some(&[low, high])) => {
                Program::Elf(u16::from_le_bytes([low, high]))
            }
            (Some(b"\x7fELF"), Some(2), Some(&[high, low])) => {
                Program::Elf(u16::from_be_bytes([high, low]))
            }
            _ => Program::Other,
        }
    }

    /// The name of the machine that it is for, if `arch` cannot run it. The kernel decides about
    /// the machine's 32-bit relatives, as it may have been built to run them.
    pub fn foreign_to(&self, arch: &str) -> Option<String> {
        let Program::Elf(machine) = *self else {
            return None;
        };
        let name = machine_name(machine);
        let runs = match arch {
            "x86_64" => matches!(name, Some("x86_64" | "x86")),
            "aarch64" => matches!(name, Some("aarch64" | "arm")),
            _ => name == Some(arch),
        };
        (!runs).then(|| name.map_or_else(|| format!("ELF machine {machine}"), str::to_owned))
    }
}

/// As `std::env::consts::ARCH` has them.
fn machine_name(machine: u16) -> Option<&'static str> {
    Some(match machine {
        3 => "x86",
        20 => "powerpc",
        21 => "powerpc64",
        22 => "s390x",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        258 => "loongarch64",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(data: u8, machine: [u8; 2]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02".to_vec();
        bytes.push(data);
        bytes.resize(18, 0);
        bytes.extend(machine);
        bytes
    }

    #[test]
    fn of_reads_both_byte_orders() {
        assert_eq!(Program::of(&header(1, [62, 0])), Program::Elf(62));
        assert_eq!(Program::of(&header(2, [0, 22])), Program::Elf(22));
    }

    #[test]
    fn of_knows_scripts_and_leaves_the_rest() {
        assert_eq!(Program::of(b"#!/bin/sh\n"), Program::Script);
        for other in [&b""[..], b"\x7fELF", b"echo hello to everybody\n", &header(3, [62, 0])] {
            assert_eq!(Program::of(other), Program::Other);
        }
        assert_eq!(Program::of(&header(1, [62, 0])[..19]), Program::Other);
    }

    #[test]
    fn foreign_to_names_the_other_machine() {
        let foreign = |machine, arch| Program::Elf(machine).foreign_to(arch);
        assert_eq!(foreign(62, "x86_64"), None);
        assert_eq!(foreign(3, "x86_64"), None);
        assert_eq!(foreign(40, "aarch64"), None);
        assert_eq!(foreign(62, "aarch64").as_deref(), Some("x86_64"));
        assert_eq!(foreign(183, "x86_64").as_deref(), Some("aarch64"));
        assert_eq!(foreign(9999, "x86_64").as_deref(), Some("ELF machine 9999"));
        assert_eq!(Program::Script.foreign_to("x86_64"), None);
        assert_eq!(Program::Other.foreign_to("x86_64"), None);
    }

    #[test]
    fn this_test_is_for_this_machine() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let program = Program::of(&bytes[..HEADER_BYTES]);
        assert!(matches!(program, Program::Elf(_)));
        assert_eq!(program.foreign_to(std::env::consts::ARCH), None);
    }
}
