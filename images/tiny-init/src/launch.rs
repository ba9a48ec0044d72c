//! Becomes the root's own init.

use crate::cmdline::Words;
use crate::elf::{Program, HEADER_BYTES};
use crate::errno::{self, errno};
use crate::mounts::read_start;
use crate::report::{say, Failure, Status};
use std::ffi::{c_char, CString};
use std::io;
use std::{fs, ptr};

const AGENT: &str = "/sbin/guest-agent";
const INIT: &str = "/sbin/init";

/// The program that takes over. One that the command line names, or the agent if it exists, must
/// work: running another one instead would hide the fault.
pub fn choose_init(words: &Words) -> String {
    let agent = if fs::symlink_metadata(AGENT).is_ok() { AGENT } else { INIT };
    words.value("init").unwrap_or(agent).to_owned()
}

/// Replaces this process by a program, which gets the environment and the remaining arguments that
/// the kernel gave to init. Returns only if that fails.
pub fn exec_init(path: &str, arguments: &[*const c_char]) -> Failure {
    let error = check_machine(path).err().unwrap_or_else(|| exec(path, arguments));
    let status = match errno(&error) {
        libc::ENOEXEC => Status::NotExecutable,
        _ => Status::Exec,
    };
    Failure { step: "execv", status, error }
}

/// Reads the program's header, since the kernel's ENOEXEC does not say why.
fn check_machine(path: &str) -> io::Result<()> {
    let header = read_start(path, HEADER_BYTES).inspect_err(|error| say!("{path}: {error}"))?;
    let arch = std::env::consts::ARCH;
    if let Some(foreign) = Program::of(&header).foreign_to(arch) {
        say!("{path}: is for {foreign}, this is {arch}");
        return Err(errno::error(libc::ENOEXEC));
    }
    Ok(())
}

fn exec(path: &str, arguments: &[*const c_char]) -> io::Error {
    let Ok(program) = CString::new(path) else {
        return errno::error(libc::EINVAL);
    };
    let mut argv = vec![program.as_ptr()];
    argv.extend(arguments);
    argv.push(ptr::null());
    // SAFETY: both end with a null pointer; the arguments are those of `main`, which live on.
    unsafe { libc::execv(program.as_ptr(), argv.as_ptr()) };
    let error = io::Error::last_os_error();
    match errno(&error) {
        libc::ENOENT => say!("{path}: its interpreter is missing"),
        libc::ENOEXEC => say!("{path}: is not a program"),
        _ => {}
    }
    error
}
