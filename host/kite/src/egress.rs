//! The way out of this machine for one account.
//!
//! Kite takes order calls only from the addresses registered for the trader's app, so each account may have its own.
//! Data and the ticker may leave from anywhere; a proxy therefore carries REST calls only, while a source address is
//! bound for the ticker too.

use std::fmt;
use std::net::IpAddr;
use url::Url;

/// How requests leave. Printed without the user and password of a proxy.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Egress {
    /// By the system's default route. Proxy variables of the environment are ignored on purpose.
    #[default]
    Direct,
    /// From this local address; only peers of the same address family are reached.
    From(IpAddr),
    /// REST calls through an `http`, `https` or `socks5` proxy; the ticker goes out directly.
    Proxy(Url),
}

impl fmt::Display for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("directly"),
            Self::From(address) => write!(f, "from {address}"),
            Self::Proxy(url) => write!(f, "through {}", masked(url)),
        }
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Egress({self})")
    }
}

/// The address with `***` for whoever it names.
fn masked(url: &Url) -> String {
    let secret = !url.username().is_empty() || url.password().is_some();
    let mut shown = url.clone();
    let blotted = !secret || (shown.set_username("***").is_ok() && shown.set_password(None).is_ok());
    if blotted { shown.to_string() } else { format!("{}://***", url.scheme()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_password_is_never_printed() {
        for address in ["http://me:hunter2@proxy.example:3128/", "socks5://hunter2:x@proxy.example"] {
            let egress = Egress::Proxy(address.parse().unwrap());
            let printed = format!("{egress} {egress:?} {:?}", Some(&egress));
            assert!(!printed.contains("hunter2") && printed.contains("***@proxy.example"), "{printed}");
        }
        let plain = Egress::Proxy("http://proxy.example:3128/".parse().unwrap());
        assert_eq!(plain.to_string(), "through http://proxy.example:3128/");
        let here = Egress::From("192.0.2.7".parse().unwrap());
        assert_eq!(format!("{here} {:?}", Egress::Direct), "from 192.0.2.7 Egress(directly)");
    }
}
