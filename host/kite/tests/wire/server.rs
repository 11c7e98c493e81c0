//! A server that gives every request the same answer and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use flate2::{Compression, write::GzEncoder};
use futures_util::stream;
use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use url::Url;

/// What the server answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Full {
        status: u16,
        content_type: String,
        encoding: Option<&'static str>,
        body: Bytes,
    },
    Redirect(u16, Url),
    /// Takes the request and says nothing.
    Stall,
    /// Sends a byte at a time, without end.
    Drip,
    /// Promises a body and breaks off.
    Hangup,
}

/// What the server was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
    pub(crate) peer: IpAddr,
}

pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An address at which nobody listens. The socket keeps everybody else from it as long as this lives.
pub(crate) struct Nobody {
    pub(crate) address: SocketAddr,
    _socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn at_home() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }
}

impl Reply {
    pub(crate) fn typed(status: u16, content_type: &str, body: &str) -> Self {
        let (content_type, body) = (content_type.to_owned(), Bytes::copy_from_slice(body.as_bytes()));
        Self::Full { status, content_type, encoding: None, body }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::typed(status, "application/json", body)
    }

    pub(crate) fn data(data: &str) -> Self {
        Self::json(200, &format!(r#"{{"status":"success","data":{data}}}"#))
    }

    pub(crate) fn gzip(content_type: &str, body: &[u8]) -> Self {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(body).unwrap();
        let body = packed.finish().unwrap().into();
        Self::Full { status: 200, content_type: content_type.to_owned(), encoding: Some("gzip"), body }
    }

    /// Few bytes that unpack to very many.
    pub(crate) fn gzip_bomb(bytes: usize) -> Self {
        Self::gzip("application/json", &vec![b' '; bytes])
    }

    async fn respond(self) -> Response {
        let response = Response::builder().header("content-type", "application/json");
        match self {
            Self::Full { status, content_type, encoding, body } => {
                let response = Response::builder().status(status).header("content-type", content_type);
                let response = match encoding {
                    Some(encoding) => response.header("content-encoding", encoding),
                    None => response,
                };
                response.body(Body::from(body)).unwrap()
            }
            Self::Redirect(status, to) => {
                response.status(status).header("location", to.as_str()).body(Body::empty()).unwrap()
            }
            Self::Stall => std::future::pending().await,
            Self::Drip => {
                let drops = stream::unfold((), |()| async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((Ok::<_, Infallible>(" "), ()))
                });
                response.body(Body::from_stream(drops)).unwrap()
            }
            Self::Hangup => {
                let broken = stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
                response.header("content-length", "100").body(Body::from_stream(broken)).unwrap()
            }
        }
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

impl Server {
    pub(crate) async fn answering(reply: Reply) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state((reply, asked.clone()));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State((reply, asked)): State<(Reply, Arc<Mutex<Vec<Asked>>>)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    asked.lock().unwrap().push(Asked {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        peer: peer.ip(),
    });
    reply.respond().await
}
