//! The operator's door to a running host: a socket in the data folder, one line of JSON each way.
//!
//! Whoever can open the folder as its owner may ask; nobody else can reach it. It knows words, not what they do: that
//! stands in `operator`.

mod client;
mod server;

pub(crate) use client::{AskError, ask};
pub(crate) use server::Door;

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use tenant::Settlement;

/// The socket's name in the data folder.
pub(crate) const SOCKET: &str = "control.sock";

/// The longest line either way, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// What an operator asks of a running host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Ask {
    /// Moves a kill switch: the host's, a tenant's or a run's.
    Kill(KillAsk),
    /// Sets the way that a tenant's calls leave by.
    Egress(EgressAsk),
    /// Goes a tenant's way out and says what was seen.
    Preflight {
        /// The tenant.
        tenant: String,
    },
    /// Says what became of an escalated order.
    Settle(SettleAsk),
}

/// A kill switch to be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KillAsk {
    /// One tenant alone; everybody when absent.
    pub(crate) tenant: Option<String>,
    /// One run of that tenant alone.
    pub(crate) run: Option<String>,
    /// On or off.
    pub(crate) on: bool,
    /// Close what is held, too.
    pub(crate) flatten: bool,
    /// Why.
    pub(crate) reason: String,
}

/// A way out to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EgressAsk {
    /// The tenant.
    pub(crate) tenant: String,
    /// From this address.
    pub(crate) from: Option<IpAddr>,
    /// Through this proxy.
    pub(crate) proxy: Option<url::Url>,
    /// To be seen as this address.
    pub(crate) expect: Option<IpAddr>,
}

/// An order of which nobody could tell what became, and a person's word for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SettleAsk {
    /// The tenant.
    pub(crate) tenant: String,
    /// The order, by its id as the page shows it or its number as the audit names it.
    pub(crate) order: String,
    /// What became of it.
    pub(crate) settlement: Settlement,
    /// How they know.
    pub(crate) reason: String,
}

/// What the host says to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    /// Whether it was done.
    pub(crate) done: bool,
    /// What was done, or why not.
    pub(crate) text: String,
}

/// The socket's path by way of the open folder: an address of a socket holds 108 bytes, and a folder may lie deeper. It is
/// good while the folder is held open.
fn short_path(folder: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()))
}

fn open_folder(data_dir: &Path) -> io::Result<File> {
    File::open(data_dir)
}
