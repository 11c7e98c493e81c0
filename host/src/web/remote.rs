//! Where a request comes from.
//!
//! Knows the connection and the proxies that the operator named, and nothing of what is asked.

use crate::web::guard::Reach;
use crate::web::state::WebState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a request comes from: the connection's other end, or, where that is a proxy named by `--trusted-proxy`, whom
/// the proxy names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) IpAddr);

impl FromRequestParts<WebState> for Remote {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self(origin(peer, &parts.headers, &state.reach)))
    }
}

/// The last address of `X-Forwarded-For` that no trusted proxy has, read from the end: what stands before it anybody
/// may have written.
fn origin(peer: IpAddr, headers: &HeaderMap, reach: &Reach) -> IpAddr {
    if !reach.trusts(peer) {
        return peer;
    }
    let lists = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<_> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    for address in named.iter().rev() {
        match address.parse::<IpAddr>() {
            Ok(address) if reach.trusts(address) => {}
            Ok(address) => return address,
            Err(_) => break,
        }
    }
    peer
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let reach = Reach { trusted_proxies: proxies, ..Reach::default() };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        origin(peer.parse().unwrap(), &headers, &reach).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_last_word() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "anybody can write the header");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1, 198.51.100.1"]),
            "198.51.100.1",
            "the client wrote the first"
        );
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
