//! The numbers of the protocol, from `docs/agent-protocol.md`.

pub const PROTOCOL: u32 = 1;
/// The host starts a session with this and a nonce of 16 bytes.
pub const HOST_MAGIC: [u8; 16] = *b"\x7fGUESTHOUSE-HST1";
/// The agent answers with this and the same 16 bytes.
pub const AGENT_MAGIC: [u8; 16] = *b"\x7fGUESTHOUSE-AGT1";
pub const PREAMBLE_BYTES: usize = 32;
pub const HEADER_BYTES: usize = 12;
/// The largest payload of a frame, in bytes.
pub const MAX_PAYLOAD: usize = 256 * 1024;
/// The longest `message` of an `error`, in bytes.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// How many channels may be open at once.
pub const MAX_CHANNELS: usize = 64;
/// Bytes of data that each side may send on a new channel before it needs credit.
pub const WINDOW: u64 = 256 * 1024;
/// The same for a file, whose bytes the agent never queues.
pub const FILE_WINDOW: u64 = 1024 * 1024;
/// More credit than this at once is a fault of the host.
pub const MAX_CREDIT: u64 = 16 * 1024 * 1024;
/// Credit is given back in portions of at least this much.
pub const CREDIT_STEP: u64 = 64 * 1024;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Hello = 0x01,
    Exec = 0x10,
    Read = 0x11,
    Write = 0x12,
    Info = 0x13,
    Clock = 0x14,
    Shutdown = 0x15,
    Ping = 0x16,
    Signal = 0x18,
    Cancel = 0x19,
    Data = 0x20,
    End = 0x21,
    Credit = 0x22,
    Stderr = 0x23,
    Result = 0x30,
    Error = 0x31,
}

impl Kind {
    /// The kind that a host may send under this number.
    pub fn from_host(number: u8) -> Option<Kind> {
        const FROM_HOST: [Kind; 12] = [
            Kind::Exec,
            Kind::Read,
            Kind::Write,
            Kind::Info,
            Kind::Clock,
            Kind::Shutdown,
            Kind::Ping,
            Kind::Signal,
            Kind::Cancel,
            Kind::Data,
            Kind::End,
            Kind::Credit,
        ];
        FROM_HOST.into_iter().find(|kind| *kind as u8 == number)
    }

    /// Whether it opens a channel.
    pub fn opens(self) -> bool {
        (Kind::Exec as u8..=Kind::Ping as u8).contains(&(self as u8))
    }
}

/// Writes the header of a frame.
pub fn header(kind: Kind, channel: u32, length: usize) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    bytes[4] = kind as u8;
    bytes[8..].copy_from_slice(&channel.to_le_bytes());
    bytes
}
