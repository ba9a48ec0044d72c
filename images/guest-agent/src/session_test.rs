use super::*;
use crate::machine::Role;
use crate::protocol::{MAX_PAYLOAD, WINDOW};
use crate::spawn::Limits;

fn machine() -> Machine {
    Machine::new(Role::Process, Limits::default())
}

/// A session with its outbox.
struct Case {
    session: Session,
    machine: Machine,
    out: Outbox,
}

impl Case {
    fn new() -> Case {
        Case { session: Session::default(), machine: machine(), out: Outbox::default() }
    }

    fn send(&mut self, kind: Kind, channel: u32, payload: &[u8]) -> Result<(), Failure> {
        self.session.handle(kind, channel, payload, &self.machine, &mut self.out, 0)
    }
}

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as u32 % below
    }
}

#[test]
fn a_channel_takes_its_window_and_not_a_byte_more() {
    let mut case = Case::new();
    case.send(Kind::Exec, 1, br#"{"argv":["sleep","1000"],"stdin":true}"#).unwrap();
    let window = vec![0; MAX_PAYLOAD];
    assert_eq!(window.len() as u64, WINDOW);
    case.send(Kind::Data, 1, &window).unwrap();
    // A part of it is in the pipe, and less than that is given back.
    assert_eq!(case.send(Kind::Data, 1, &window).unwrap_err().code, "protocol");
}

#[test]
fn a_flood_of_output_waits_for_credit_and_for_room() {
    let mut case = Case::new();
    for channel in 1..=8 {
        case.send(Kind::Read, channel, br#"{"path":"/dev/zero"}"#).unwrap();
    }
    for _ in 0..1000 {
        case.session.pump(&[], &mut case.out, 0);
    }
    assert!(!case.out.has_room() && !case.out.is_stuck());
    assert!(!case.session.watch(case.out.has_room(), &mut Vec::new()));
}

#[test]
fn every_channel_has_its_turn() {
    let mut case = Case::new();
    for channel in 1..=3 {
        case.send(Kind::Read, channel, br#"{"path":"/dev/zero"}"#).unwrap();
    }
    let mut first = Vec::new();
    for _ in 0..3 {
        case.session.pump(&[], &mut case.out, 0);
        first.push(case.session.turn);
    }
    assert_eq!(first, [1, 2, 3]);
}

#[test]
fn random_frames_end_a_session_at_worst() {
    const KINDS: [Kind; 10] = [
        Kind::Read,
        Kind::Write,
        Kind::Info,
        Kind::Clock,
        Kind::Ping,
        Kind::Signal,
        Kind::Cancel,
        Kind::Data,
        Kind::End,
        Kind::Credit,
    ];
    const PAYLOADS: [&[u8]; 9] = [
        b"",
        b"{}",
        br#"{"path":"/dev/zero","offset":18446744073709551615}"#,
        br#"{"path":"/dev/zero","length":0}"#,
        br#"{"path":"/dev/null"}"#,
        br#"{"signal":9}"#,
        br#"{"seconds":9e99}"#,
        &[0xff, 0xff, 0xff, 0xff],
        &[0, 0, 1, 0],
    ];
    let mut random = Random(0x5eed);
    let mut faults = 0;
    for _ in 0..300 {
        let mut case = Case::new();
        for _ in 0..200 {
            let kind = KINDS[random.next(10) as usize];
            let channel = if kind.opens() {
                case.session.last + random.next(40).min(1)
            } else {
                random.next(case.session.last + 2)
            };
            let payload = PAYLOADS[random.next(9) as usize];
            if case.send(kind, channel, payload).is_err() {
                faults += 1;
                break;
            }
            case.session.pump(&[], &mut case.out, 0);
            if case.out.is_stuck() {
                case.out.clear();
            }
        }
    }
    assert!(faults > 100);
}
