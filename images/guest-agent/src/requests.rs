//! The JSON of the control frames. An invalid one is a fault of the host.

use crate::failure::Failure;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Exec {
    pub argv: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub cwd: Option<String>,
    pub user: Option<String>,
    pub timeout_ms: Option<u64>,
    #[serde(default)]
    pub stdin: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    pub path: String,
    #[serde(default)]
    pub offset: u64,
    pub length: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    pub path: String,
    pub mode: Option<u32>,
    #[serde(default)]
    pub append: bool,
    #[serde(default)]
    pub parents: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub seconds: i64,
    pub nanoseconds: u32,
    /// 64 random bytes as 128 hexadecimal digits.
    pub entropy: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ShutdownMode {
    Poweroff,
    Reboot,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub mode: ShutdownMode,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    pub signal: i32,
}

/// How a command ended; one of `code` and `signal` is null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecResult {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub timed_out: bool,
    pub oom: bool,
}

/// How many bytes of a file were read or written.
#[derive(Debug, Serialize)]
pub struct FileResult {
    pub bytes: u64,
}

/// An answer without content.
#[derive(Debug, Serialize)]
pub struct Done {}

/// Reads a payload. Fails with a fault that names what is wrong with it.
pub fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(payload)
        .map_err(|error| Failure::new("protocol", format!("invalid request: {error}")))
}
