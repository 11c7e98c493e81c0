//! Making the ticker's connection: from the right address, over TLS where the address asks for it.
//!
//! The access token stands in the address, so no address is ever put into an error.

use super::TickerLimits;
use crate::backoff::Backoff;
use crate::egress::Egress;
use crate::secret::Secret;
use crate::tls;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::Url;

const READ_BUFFER_BYTES: usize = 64 << 10;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How to reach the feed.
pub(super) struct Link {
    address: Url,
    egress: Egress,
    api_key: String,
    access_token: Secret,
    limits: TickerLimits,
}

/// Why there is no connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// The broker will not have this session.
    Refused(u16),
    /// Worth another try.
    Failed(String),
}

impl Link {
    pub(super) fn new(
        address: Url,
        egress: Egress,
        api_key: &str,
        access_token: Secret,
        limits: TickerLimits,
    ) -> Self {
        Self { address, egress, api_key: api_key.to_owned(), access_token, limits }
    }

    pub(super) fn limits(&self) -> &TickerLimits {
        &self.limits
    }

    pub(super) fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// Waits between attempts. Accounts differ, so that not all of a host come back at the same instant.
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.limits.first_backoff, self.limits.longest_backoff, &self.api_key)
    }

    pub(super) async fn open(&self) -> Result<Socket, LinkError> {
        let opened = tokio::time::timeout(self.limits.connect_timeout, self.try_open()).await;
        opened.unwrap_or_else(|_| Err(LinkError::Failed("no connection in time".to_owned())))
    }

    async fn try_open(&self) -> Result<Socket, LinkError> {
        let stream = self.tcp().await.map_err(|e| LinkError::Failed(e.to_string()))?;
        let tls = tls::client_config(&[]).map_err(|e| LinkError::Failed(e.to_string()))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_message_size(Some(self.limits.message_bytes))
            .max_frame_size(Some(self.limits.message_bytes));
        let connector = Some(Connector::Rustls(Arc::new(tls)));
        let upgrade = client_async_tls_with_config(self.signed_address(), stream, Some(config), connector);
        upgrade.await.map(|(socket, _)| socket).map_err(|e| self.error(&e))
    }

    fn signed_address(&self) -> String {
        let mut address = self.address.clone();
        address
            .query_pairs_mut()
            .append_pair("api_key", &self.api_key)
            .append_pair("access_token", self.access_token.expose());
        address.into()
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        let host = self.address.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.address.port_or_known_default().unwrap_or(443);
        let source = match self.egress {
            Egress::From(source) => Some(source),
            Egress::Direct | Egress::Proxy(_) => None,
        };
        let mut failure = io::Error::other("the broker's address has no host of this address family");
        for peer in lookup_host((host, port)).await? {
            if source.is_some_and(|source| source.is_ipv4() != peer.is_ipv4()) {
                continue;
            }
            match tokio::time::timeout(self.limits.address_timeout, connect(source, peer)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = io::Error::other("an address of the broker does not answer"),
            }
        }
        Err(failure)
    }

    fn error(&self, error: &SocketError) -> LinkError {
        match error {
            SocketError::Http(response) => match response.status().as_u16() {
                status @ (400 | 401 | 403) => LinkError::Refused(status),
                status => LinkError::Failed(format!("HTTP {status} at the upgrade")),
            },
            other => LinkError::Failed(self.access_token.blot_out(&other.to_string())),
        }
    }
}

async fn connect(source: Option<IpAddr>, peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = socket.connect(peer).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
