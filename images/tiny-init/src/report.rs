//! What init prints on the console, and how it ends if it cannot continue.

use crate::errno::{errno, name};
use crate::sys;
use std::io;
use std::time::{Duration, Instant};

/// Prints one line on the console: `[init] …`.
macro_rules! say {
    ($($arg:tt)*) => { $crate::report::line(&format!("[init] {}", format_args!($($arg)*))) };
}
pub(crate) use say;

/// Writes a line with one call, so that the kernel's lines do not get into it. There is nowhere to
/// report a failure.
pub fn line(text: &str) {
    sys::write(1, format!("{text}\n").as_bytes());
}

/// What the host reads as `[init] status=N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The first boot is done.
    Done = 0,
    RootDisk = 64,
    RootMount = 65,
    /// The program is for another machine, or not a program.
    NotExecutable = 66,
    Exec = 67,
    Seed = 68,
    FirstBoot = 69,
    PseudoMount = 70,
    Panic = 71,
}

/// Why init cannot continue. Details are printed before one is made.
#[derive(Debug)]
pub struct Failure {
    pub step: &'static str,
    pub status: Status,
    pub error: io::Error,
}

impl Failure {
    /// For `map_err`.
    pub fn of(step: &'static str, status: Status) -> impl Fn(io::Error) -> Failure {
        move |error| Failure { step, status, error }
    }
}

/// Reports that a step failed, whether or not the boot can continue without it.
pub fn say_failed(step: &str, error: &io::Error) {
    let number = errno(error);
    say!("{step} failed: errno={number} ({})", name(number));
}

/// Prints the status and turns the machine off: if PID 1 ended, the kernel would panic.
pub fn power_off(status: Status) -> ! {
    say!("status={}", status as u8);
    sys::drain(1, Duration::from_secs(1));
    sys::power_off()
}

/// Ends a panic like every other failure. Panics abort, so the hook runs last.
pub fn power_off_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        say!("{}", panic.to_string().replace('\n', " "));
        power_off(Status::Panic)
    }));
}

/// Measures steps.
pub struct Watch {
    start: Instant,
    step: Instant,
}

impl Watch {
    pub fn start() -> Watch {
        let now = Instant::now();
        Watch { start: now, step: now }
    }

    /// Milliseconds since the last call, or since the start.
    pub fn step_ms(&mut self) -> u128 {
        let from = std::mem::replace(&mut self.step, Instant::now());
        (self.step - from).as_millis()
    }

    /// Milliseconds since the start.
    pub fn total_ms(&self) -> u128 {
        self.start.elapsed().as_millis()
    }
}
