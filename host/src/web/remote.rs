//! Where a request comes from.
//!
//! Knows the connection and the proxy before it, and nothing of what is asked.

use crate::web::state::WebState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a request comes from. Behind a proxy (`--public-url`) it is what the proxy says last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) IpAddr);

impl FromRequestParts<WebState> for Remote {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let forwarded = state.reach.public_url.as_ref().and_then(|_| {
            let said = parts.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            said.rsplit(',').next()?.trim().parse().ok()
        });
        Ok(Self(forwarded.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}
