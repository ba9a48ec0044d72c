use super::*;
use crate::protocol::header;

/// An owned copy of an [`Item`].
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Preamble([u8; 16]),
    Frame(Kind, u32, Vec<u8>),
    Fault,
}

/// Feeds the bytes in parts of the lengths that `part` returns, and lists the items.
fn parse(bytes: &[u8], mut part: impl FnMut() -> usize) -> Vec<Seen> {
    let mut parser = Parser::new();
    let (mut seen, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = bytes.len().min(at.saturating_add(part().max(1)));
        let count = parser
            .fill(|room| {
                assert!(!room.is_empty());
                let count = room.len().min(end - at);
                room[..count].copy_from_slice(&bytes[at..at + count]);
                Ok(count)
            })
            .unwrap();
        at += count;
        while let Some(item) = parser.next() {
            seen.push(match item {
                Item::Preamble(nonce) => Seen::Preamble(nonce),
                Item::Frame { kind, channel, payload } => {
                    Seen::Frame(kind, channel, payload.to_vec())
                }
                Item::Fault(_) => Seen::Fault,
            });
        }
    }
    assert!(parser.end - parser.start <= parser.buffer.len());
    seen
}

fn frame(kind: Kind, channel: u32, payload: &[u8]) -> Vec<u8> {
    [&header(kind, channel, payload.len()), payload].concat()
}

fn preamble(nonce: u8) -> Vec<u8> {
    [HOST_MAGIC, [nonce; 16]].concat()
}

fn session() -> (Vec<u8>, Vec<Seen>) {
    let bytes = [
        b"noise \x7fGUEST".to_vec(),
        preamble(1),
        frame(Kind::Ping, 1, b""),
        frame(Kind::Exec, 2, b"{\"argv\":[\"true\"]}"),
        frame(Kind::Data, 2, &HOST_MAGIC),
        preamble(2),
        frame(Kind::Info, 1, b""),
    ]
    .concat();
    let seen = vec![
        Seen::Preamble([1; 16]),
        Seen::Frame(Kind::Ping, 1, vec![]),
        Seen::Frame(Kind::Exec, 2, b"{\"argv\":[\"true\"]}".to_vec()),
        Seen::Frame(Kind::Data, 2, HOST_MAGIC.to_vec()),
        Seen::Preamble([2; 16]),
        Seen::Frame(Kind::Info, 1, vec![]),
    ];
    (bytes, seen)
}

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    }
}

#[test]
fn a_session_reads_the_same_however_it_is_cut() {
    let (bytes, wanted) = session();
    assert_eq!(parse(&bytes, || usize::MAX), wanted);
    assert_eq!(parse(&bytes, || 1), wanted);
    for cut in 1..bytes.len() {
        let mut parts = [cut, usize::MAX].into_iter();
        assert_eq!(parse(&bytes, || parts.next().unwrap_or(usize::MAX)), wanted, "cut at {cut}");
    }
}

#[test]
fn frames_that_lie_are_faults_and_the_next_preamble_is_found() {
    let mut long = header(Kind::Data, 1, 0);
    long[..4].copy_from_slice(&(MAX_PAYLOAD as u32 + 1).to_le_bytes());
    let mut reserved = header(Kind::Ping, 1, 0);
    reserved[6] = 1;
    let mut unknown = header(Kind::Ping, 1, 0);
    unknown[4] = 0xee;
    let from_agent = header(Kind::Result, 1, 0);
    for lie in [long, reserved, unknown, from_agent, [0; HEADER_BYTES], [0xff; HEADER_BYTES]] {
        let bytes = [preamble(1), lie.to_vec(), vec![0xff; 99], preamble(2)].concat();
        let wanted = [Seen::Preamble([1; 16]), Seen::Fault, Seen::Preamble([2; 16])];
        assert_eq!(parse(&bytes, || 7), wanted, "{lie:?}");
    }
}

#[test]
fn the_largest_frames_pass_one_after_the_other() {
    let payload = vec![7; MAX_PAYLOAD];
    let mut bytes = preamble(1);
    for channel in 1..6 {
        bytes.extend(frame(Kind::Data, channel, &payload));
    }
    let seen = parse(&bytes, || 100_000);
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[5], Seen::Frame(Kind::Data, 5, payload));
}

#[test]
fn mutated_sessions_never_crash_and_never_hide_the_preamble_after_them() {
    let mut random = Random(0x5eed);
    let (good, _) = session();
    for round in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..1 + random.next(8) {
            let at = random.next(bytes.len());
            match random.next(4) {
                0 => bytes[at] = random.next(256) as u8,
                1 => drop(bytes.drain(at..(at + random.next(9)).min(bytes.len()))),
                2 => bytes.insert(at, random.next(256) as u8),
                _ => bytes[at] ^= 1 << random.next(8),
            }
        }
        let cut = parse(&bytes, || 1 + random.next(40));
        assert_eq!(cut, parse(&bytes, || usize::MAX), "round {round}");
        // A frame cut short may swallow this many bytes; zeros end it, and then the session.
        bytes.extend(vec![0; if round % 100 == 0 { MAX_PAYLOAD + HEADER_BYTES } else { 0 }]);
        if round % 100 == 0 {
            bytes.extend(preamble(9));
            assert_eq!(parse(&bytes, || usize::MAX).last(), Some(&Seen::Preamble([9; 16])));
        }
    }
}
