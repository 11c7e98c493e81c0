//! A tenant's way out as its row keeps it: one line of text.

use crate::error::StoreError;
use kite::Egress;
use std::net::{IpAddr, UdpSocket};
use url::Url;

const PROXY_SCHEMES: [&str; 3] = ["http", "https", "socks5"];

/// A row that is none. Its text is not repeated: it may name a proxy's password.
pub(crate) fn unreadable() -> StoreError {
    StoreError::Unreadable {
        what: "egress",
        why: "it is none of `direct`, `from IP`, `proxy URL`".to_owned(),
    }
}

/// From `direct`, `from <ip>` or `proxy <url>`.
pub(crate) fn read(text: &str) -> Option<Egress> {
    match text.split_once(' ') {
        None => (text == "direct").then_some(Egress::Direct),
        Some(("from", ip)) => ip.parse().ok().map(Egress::From),
        Some(("proxy", url)) => url.parse().ok().map(Egress::Proxy),
        Some(_) => None,
    }
}

/// The same the other way round.
pub(crate) fn written(egress: &Egress) -> String {
    match egress {
        Egress::Direct => "direct".to_owned(),
        Egress::From(address) => format!("from {address}"),
        Egress::Proxy(url) => format!("proxy {url}"),
    }
}

/// Refuses, in words, what could not be used later.
pub(crate) fn check(egress: &Egress) -> Result<(), String> {
    match egress {
        Egress::Direct => Ok(()),
        Egress::From(address) => check_address(*address),
        Egress::Proxy(url) => check_proxy(url),
    }
}

fn check_address(address: IpAddr) -> Result<(), String> {
    if address.is_unspecified() || address.is_multicast() {
        return Err(format!("{address} is no address to leave from: name one of this machine's own"));
    }
    UdpSocket::bind((address, 0)).map(drop).map_err(|why| {
        format!(
            "this machine cannot leave from {address} ({why}): give it that address first, or name another"
        )
    })
}

fn check_proxy(url: &Url) -> Result<(), String> {
    if !PROXY_SCHEMES.contains(&url.scheme()) || url.host().is_none() {
        return Err("a proxy is named as http://, https:// or socks5:// and its host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        let text = "the proxy address must hold no user or password, for it is kept unsealed: \
                    let the proxy know this machine by its address";
        return Err(text.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["direct", "from 127.0.0.2", "from ::1", "proxy socks5://proxy.example:1080"] {
            assert_eq!(written(&read(text).unwrap()), text);
        }
        for text in ["", "from", "from here", "proxy here", "by sea"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_words() {
        let table = [
            ("direct", ""),
            ("from 127.0.0.2", ""),
            ("proxy http://proxy.example:3128", ""),
            ("from 203.0.113.7", "this machine cannot leave from 203.0.113.7"),
            ("from 0.0.0.0", "no address to leave from"),
            ("proxy ftp://proxy.example", "http://, https:// or socks5://"),
            ("proxy http://me:secret@proxy.example", "no user or password"),
        ];
        for (text, says) in table {
            let told = check(&read(text).unwrap()).err().unwrap_or_default();
            assert!(told.contains(says) && told.is_empty() == says.is_empty(), "{text}: {told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
