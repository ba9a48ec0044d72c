//! Starts a command in its own session and process group.

use crate::failure::{quoted, Failure};
use crate::requests::Exec;
use crate::sys::{self, c_string};
use crate::users::{self, Identity};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Larger than 64 KiB, so that a command that prints a lot is woken less often.
const PIPE_BYTES: i32 = 256 * 1024;

/// The limits of every command.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    /// `RLIMIT_NPROC`, which does not apply to root.
    pub processes: Option<u64>,
    /// Whether each command gets a control group.
    pub cgroups: bool,
    /// The agent's own `oom_score_adj`: the OOM killer spares the agent, but not its commands.
    pub oom_score: Option<RawFd>,
}

/// `oom_score_adj` of the agent, and of everything else.
pub const SPARED: &[u8] = b"-1000";
const NOT_SPARED: &[u8] = b"0";

/// A child's stack until it becomes its program; until then it only makes system calls.
const STACK_BYTES: usize = 64 * 1024;

/// A running command. All three descriptors are non-blocking.
pub struct Spawned {
    pub pid: i32,
    pub stdin: Option<OwnedFd>,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

/// Everything the child needs, made before the fork: the child must not allocate.
struct Plan {
    candidates: Vec<CString>,
    argv: Vec<CString>,
    env: Vec<CString>,
    cwd: Option<CString>,
    home: CString,
    identity: Option<Identity>,
    limits: Limits,
    cgroup: Option<RawFd>,
}

/// Starts a command; `cgroup` is its `cgroup.procs`. Fails with the errno of the step that failed,
/// `unknown-user`, or `EINVAL` for an empty argv and for zero bytes in texts.
pub fn spawn(request: &Exec, limits: Limits, cgroup: Option<RawFd>) -> Result<Spawned, Failure> {
    let plan = Plan::new(request, limits, cgroup)?;
    let what = || "cannot start a process".to_string();
    let (out_read, out_write) = sys::pipe().map_err(|error| Failure::io(what(), &error))?;
    let (err_read, err_write) = sys::pipe().map_err(|error| Failure::io(what(), &error))?;
    let (child_stdin, stdin) = if request.stdin {
        let (read, write) = sys::pipe().map_err(|error| Failure::io(what(), &error))?;
        (read, Some(write))
    } else {
        let opened = sys::open("/dev/null", libc::O_RDONLY, 0);
        (opened.map_err(|error| Failure::io("cannot open /dev/null", &error))?, None)
    };
    // SAFETY: no memory is involved. It is a hint, and a refusal changes nothing but the speed.
    unsafe { libc::fcntl(out_read.as_raw_fd(), libc::F_SETPIPE_SZ, PIPE_BYTES) };
    for fd in [&out_read, &err_read].into_iter().chain(&stdin) {
        sys::set_nonblocking(fd.as_raw_fd()).map_err(|error| Failure::io(what(), &error))?;
    }
    let stdio = [child_stdin.as_raw_fd(), out_write.as_raw_fd(), err_write.as_raw_fd()];
    let pid = plan.start(stdio).map_err(|(step, errno)| plan.failure(request, step, errno))?;
    Ok(Spawned { pid, stdin, stdout: out_read, stderr: err_read })
}

impl Plan {
    fn new(request: &Exec, limits: Limits, cgroup: Option<RawFd>) -> Result<Plan, Failure> {
        // SAFETY: the call cannot fail and touches no memory.
        let own = unsafe { libc::geteuid() };
        let user = users::find(request.user.as_deref().unwrap_or(&own.to_string()))?;
        let env = environment(&user, &request.env);
        let program = request.argv.first().ok_or_else(|| Failure::new("EINVAL", "empty argv"))?;
        let path = env.get("PATH").map_or(DEFAULT_PATH, String::as_str);
        let texts = |list: Vec<String>| -> Result<Vec<CString>, Failure> {
            let zero = |_| Failure::new("EINVAL", "argv or env contains a zero byte");
            list.iter().map(|text| c_string(text).map_err(zero)).collect()
        };
        Ok(Plan {
            candidates: texts(candidates(program, path))?,
            argv: texts(request.argv.clone())?,
            env: texts(env.iter().map(|(key, value)| format!("{key}={value}")).collect())?,
            cwd: texts(request.cwd.iter().cloned().collect())?.pop(),
            home: texts(vec![user.home.clone()])?.remove(0),
            // Only root can become another user.
            identity: (request.user.is_some() && (own == 0 || user.uid != own)).then_some(user),
            limits,
            cgroup,
        })
    }

    /// Starts a child, and waits until it has become the program or failed. Until then the child
    /// runs in the agent's memory, whose tables need not be copied.
    fn start(&self, stdio: [RawFd; 3]) -> Result<i32, (u8, i32)> {
        let (argv, env) = (pointers(&self.argv), pointers(&self.env));
        let mut child = Child { plan: self, stdio, argv: &argv, env: &env, failed: None };
        let mut stack: Vec<u128> = Vec::with_capacity(STACK_BYTES / size_of::<u128>());
        self.set_oom_score(NOT_SPARED);
        // SAFETY: the process has one thread, which waits while the child uses `child` and the
        // stack; the child only makes system calls.
        let pid = unsafe {
            let top = stack.as_mut_ptr().add(stack.capacity());
            let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
            sys::check(libc::clone(run_child, top.cast(), flags, (&raw mut child).cast()))
        };
        self.set_oom_score(SPARED);
        let pid = pid.map_err(|error| (STEP_START, error.raw_os_error().unwrap_or(libc::EIO)))?;
        child.failed.map_or(Ok(pid), Err)
    }

    /// A child inherits what the agent has at that moment; setting it in the child costs more.
    fn set_oom_score(&self, score: &[u8]) {
        if let Some(fd) = self.limits.oom_score {
            let _ = sys::write(fd, score);
        }
    }

    /// In the child: returns only if it fails, with the step and errno.
    unsafe fn become_program(
        &self,
        stdio: [RawFd; 3],
        argv: &[*const libc::c_char],
        env: &[*const libc::c_char],
    ) -> (u8, i32) {
        let errno = || *libc::__errno_location();
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::setsid();
        self.limit();
        for (number, fd) in stdio.into_iter().enumerate() {
            if libc::dup2(fd, number as RawFd) == -1 {
                return (STEP_START, errno());
            }
        }
        // Exec closes the agent's own descriptors; this closes what the agent inherited.
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        if let Some(user) = &self.identity {
            // The C library's wrappers would also signal the agent's threads, whose memory this is.
            if libc::syscall(libc::SYS_setgroups, user.groups.len(), user.groups.as_ptr()) == -1
                || libc::syscall(libc::SYS_setgid, user.gid) == -1
                || libc::syscall(libc::SYS_setuid, user.uid) == -1
            {
                return (STEP_USER, errno());
            }
        }
        if !self.enter_directory() {
            return (STEP_CWD, errno());
        }
        (STEP_EXEC, self.exec(argv, env))
    }

    unsafe fn limit(&self) {
        if let Some(procs) = self.cgroup {
            libc::write(procs, c"0".as_ptr().cast(), 1);
        }
        if let Some(most) = self.limits.processes {
            let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
            libc::setrlimit(libc::RLIMIT_NPROC, &limit);
        }
    }

    /// A requested directory must exist; the home directory need not.
    unsafe fn enter_directory(&self) -> bool {
        match &self.cwd {
            Some(cwd) => libc::chdir(cwd.as_ptr()) == 0,
            None => libc::chdir(self.home.as_ptr()) == 0 || libc::chdir(c"/".as_ptr()) == 0,
        }
    }

    /// Tries each candidate as a shell does, and returns the most telling errno.
    unsafe fn exec(&self, argv: &[*const libc::c_char], env: &[*const libc::c_char]) -> i32 {
        let mut told = libc::ENOENT;
        for program in &self.candidates {
            libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr());
            match *libc::__errno_location() {
                libc::ENOENT | libc::ENOTDIR => {}
                libc::EACCES => told = libc::EACCES,
                errno => return errno,
            }
        }
        told
    }

    fn failure(&self, request: &Exec, step: u8, errno: i32) -> Failure {
        let name = |text: &Option<String>| quoted(text.as_deref().unwrap_or_default());
        let what = match step {
            STEP_USER => format!("cannot become user {}", name(&request.user)),
            STEP_CWD => format!("cannot enter directory {}", name(&request.cwd)),
            STEP_EXEC => format!("cannot run {}", quoted(&request.argv[0])),
            _ => "cannot start a process".into(),
        };
        Failure::os(what, errno)
    }
}

/// What a child needs, and its failure.
struct Child<'a> {
    plan: &'a Plan,
    stdio: [RawFd; 3],
    argv: &'a [*const libc::c_char],
    env: &'a [*const libc::c_char],
    /// Step and errno, if it could not become the program.
    failed: Option<(u8, i32)>,
}

/// A child's entry point, with its [`Child`]. It never returns to the agent's code.
extern "C" fn run_child(child: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `start` gives a pointer to a `Child` and waits; then this process ends.
    unsafe {
        let child = &mut *child.cast::<Child>();
        child.failed = Some(child.plan.become_program(child.stdio, child.argv, child.env));
        libc::_exit(127)
    }
}

const STEP_START: u8 = 0;
const STEP_USER: u8 = 1;
const STEP_CWD: u8 = 2;
const STEP_EXEC: u8 = 3;

/// The environment of a login, overridden by the request's.
fn environment(user: &Identity, wanted: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let base = [
        ("HOME", user.home.as_str()),
        // Every C library has this locale, which knows UTF-8.
        ("LANG", "C.UTF-8"),
        ("LOGNAME", &user.name),
        ("PATH", DEFAULT_PATH),
        ("SHELL", &user.shell),
        ("USER", &user.name),
    ];
    let mut env: BTreeMap<_, _> =
        base.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    env.extend(wanted.iter().map(|(key, value)| (key.clone(), value.clone())));
    env
}

/// The files that a program's name may refer to.
fn candidates(program: &str, path: &str) -> Vec<String> {
    if program.contains('/') || program.is_empty() {
        return vec![program.to_string()];
    }
    let directory = |dir: &str| if dir.is_empty() { ".".to_string() } else { dir.to_string() };
    path.split(':').map(|dir| format!("{}/{program}", directory(dir))).collect()
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    let ends = std::iter::once(ptr::null());
    texts.iter().map(|text| CStr::as_ptr(text)).chain(ends).collect()
}
