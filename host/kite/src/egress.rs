//! The way out of this machine for one account.
//!
//! Kite takes order calls only from the addresses registered for the trader's app, so each account may have its own.
//! Data and the ticker may leave from anywhere; a proxy therefore carries REST calls only, while a source address is
//! bound for the ticker too.

use std::net::IpAddr;
use url::Url;

/// How requests leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Egress {
    /// By the system's default route. Proxy variables of the environment are ignored on purpose.
    #[default]
    Direct,
    /// From this local address; only peers of the same address family are reached.
    From(IpAddr),
    /// REST calls through an `http`, `https` or `socks5` proxy; the ticker goes out directly.
    Proxy(Url),
}
