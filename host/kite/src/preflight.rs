//! Which way an order would leave, found by going it: one request without credentials, on the very client that orders use.

use crate::connection::{Connection, network_error};
use crate::egress::Egress;
use crate::error::Error;
use hyper_util::client::legacy::connect::HttpInfo;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// The most that a page may say of who asked, in bytes.
const SEEN_BYTES_MAX: usize = 1_024;

/// The way one request really took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOut {
    /// The way that is set.
    pub egress: Egress,
    /// The address of this machine that the socket was bound to.
    pub local: Option<SocketAddr>,
    /// Whom the socket was connected to: the broker, or the proxy.
    pub peer: Option<SocketAddr>,
    /// Whose answer came back.
    pub host: String,
    /// Its HTTP status. Any will do: an answer is an answer.
    pub status: u16,
}

impl Connection {
    /// Goes the way that an order would go, as far as to the broker's door. Through a proxy that is a real tunnel.
    ///
    /// # Errors
    /// What an order would have met: see [`Error`].
    pub async fn preflight(&self) -> Result<WayOut, Error> {
        let limit = self.limits().request_timeout;
        let url = self.endpoints().rest.clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let answered = tokio::time::timeout(limit, self.client().get(url).send()).await;
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let response = answered.map_err(|_| Error::TimedOut { limit_ms })?.map_err(network_error)?;
        let ends = response.extensions().get::<HttpInfo>();
        Ok(WayOut {
            egress: self.egress().clone(),
            local: ends.map(HttpInfo::local_addr),
            peer: ends.map(HttpInfo::remote_addr),
            host,
            status: response.status().as_u16(),
        })
    }
}

impl Connection {
    /// The address that the world sees this line come from, as a page tells that says who asked: the bare address, or JSON
    /// with a field `ip`. Asked without credentials, on the very client that orders use.
    ///
    /// # Errors
    /// When the page cannot be reached by this way, or says something else.
    pub async fn seen_from(&self, page: &Url) -> Result<IpAddr, Error> {
        let limit = self.limits().request_timeout;
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let asked = async {
            let mut response = self.client().get(page.clone()).send().await.map_err(network_error)?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(network_error)? {
                body.extend_from_slice(&chunk);
                if body.len() > SEEN_BYTES_MAX {
                    break;
                }
            }
            Ok(body)
        };
        let body = tokio::time::timeout(limit, asked).await.map_err(|_| Error::TimedOut { limit_ms })??;
        let host = page.host_str().unwrap_or_default();
        address_in(&body).ok_or_else(|| Error::invalid(format!("{host} did not say which address it saw")))
    }
}

fn address_in(body: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= SEEN_BYTES_MAX)?.trim();
    let in_json = || {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        json["ip"].as_str()?.trim().parse().ok()
    };
    text.parse().ok().or_else(in_json)
}

/// In words for an operator.
impl fmt::Display for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word =
            |end: Option<SocketAddr>, unknown| end.map_or(String::from(unknown), |end| end.ip().to_string());
        let (local, peer) = (word(self.local, "an unknown address"), word(self.peer, "an unknown peer"));
        let (host, status) = (&self.host, self.status);
        match &self.egress {
            Egress::Direct | Egress::From(_) => write!(
                f,
                "orders leave from {local} of this machine for {host} at {peer} (it answered, HTTP {status}). The broker sees \
                 that address, or the one your network turns it into"
            ),
            Egress::Proxy(_) => write!(
                f,
                "orders leave {} at {peer} for {host} (it answered, HTTP {status}). The broker sees the proxy's address",
                self.egress
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_bare_or_from_json_and_anything_else_is_none() {
        let v4: IpAddr = "203.0.113.7".parse().unwrap();
        assert_eq!(address_in(b"203.0.113.7\n"), Some(v4));
        assert_eq!(address_in(br#"{"ip":"203.0.113.7","country":"IN"}"#), Some(v4));
        assert_eq!(address_in(b"2001:db8::7"), Some("2001:db8::7".parse().unwrap()));
        for odd in [&b"<html>203.0.113.7</html>"[..], b"", b"{}", b"\xff", &[b' '; 2_000]] {
            assert_eq!(address_in(odd), None, "{odd:?}");
        }
    }
}
