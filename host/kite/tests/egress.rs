//! By which way requests leave: through proxies of both kinds, from a given address, and what the preflight says of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

#[allow(dead_code, reason = "the wire tests use more of it")]
#[path = "wire/server.rs"]
mod server;

use kite::{Connection, Egress, Endpoints, Error, Mode, Outcome, PlaceParams, Secret, TickerEvent};
use market::{OrderRequest, Side};
use server::{Nobody, Reply, Server};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A proxy that remembers what it was asked for.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a proxy does with a tunnel.
#[derive(Clone, Copy)]
enum Tunnel {
    Refuse,
    /// Opens it and tells what comes first out of it.
    Overhear,
}

impl Proxy {
    async fn http(tunnel: Tunnel) -> Self {
        Self::start(move |socket, asked| serve_http(socket, asked, tunnel)).await
    }

    async fn socks5() -> Self {
        Self::start(serve_socks5).await
    }

    async fn start<F>(serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&told)));
            }
        });
        Self { address, asked }
    }

    fn egress(&self, scheme: &str) -> Egress {
        Egress::Proxy(format!("{scheme}://{}", self.address).parse().unwrap())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve_http(mut socket: TcpStream, asked: Arc<Mutex<Vec<String>>>, tunnel: Tunnel) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let line = head.lines().next().unwrap().to_owned();
    asked.lock().unwrap().push(line.clone());
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    match (method, tunnel) {
        ("CONNECT", Tunnel::Refuse) => {
            socket.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
        ("CONNECT", Tunnel::Overhear) => {
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let first = socket.read_u8().await.unwrap();
            asked.lock().unwrap().push(format!("first byte {first:#04x}"));
        }
        _ => {
            // Plain HTTP goes through a proxy by its whole address.
            let url: url::Url = target.parse().unwrap();
            let peer = (url.host_str().unwrap().to_owned(), url.port().unwrap());
            let mut broker = TcpStream::connect(peer).await.unwrap();
            let head = head.replacen(target, url.path(), 1);
            broker.write_all(head.as_bytes()).await.unwrap();
            copy_bidirectional(&mut socket, &mut broker).await.ok();
        }
    }
}

async fn serve_socks5(mut socket: TcpStream, asked: Arc<Mutex<Vec<String>>>) {
    assert_eq!(socket.read_u8().await.unwrap(), 5);
    let mut methods = vec![0; socket.read_u8().await.unwrap().into()];
    socket.read_exact(&mut methods).await.unwrap();
    socket.write_all(&[5, 0]).await.unwrap();
    let mut request = [0; 10];
    socket.read_exact(&mut request).await.unwrap();
    let [5, 1, 0, 1, a, b, c, d, high, low] = request else { panic!("{request:?}") };
    let peer = SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low])));
    asked.lock().unwrap().push(format!("CONNECT {peer}"));
    let mut broker = TcpStream::connect(peer).await.unwrap();
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    copy_bidirectional(&mut socket, &mut broker).await.ok();
}

fn order() -> PlaceParams {
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 10);
    PlaceParams { request, tag: "BH7Q2".into() }
}

async fn broker() -> Server {
    Server::answering(Reply::data(r#"{"order_id":"1995000000000000001"}"#)).await
}

#[tokio::test]
async fn an_order_goes_once_through_a_socks5_proxy() {
    let (server, proxy) = (broker().await, Proxy::socks5().await);
    let line = Connection::new(Endpoints::at(server.url()), proxy.egress("socks5")).unwrap();
    line.session("key", Secret::new("t0ken")).place(&order()).await.unwrap();
    assert_eq!(proxy.asked(), [format!("CONNECT {}", server.url().socket_addrs(|| None).unwrap()[0])]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_order_to_a_plain_broker_goes_once_through_an_http_proxy() {
    let (server, proxy) = (broker().await, Proxy::http(Tunnel::Refuse).await);
    let line = Connection::new(Endpoints::at(server.url()), proxy.egress("http")).unwrap();
    line.session("key", Secret::new("t0ken")).place(&order()).await.unwrap();
    assert_eq!(proxy.asked(), [format!("POST {}orders/regular HTTP/1.1", server.url())]);
    assert_eq!(server.requests()[0].body.matches("tag=BH7Q2").count(), 1);
}

#[tokio::test]
async fn an_order_to_an_encrypted_broker_asks_the_http_proxy_for_a_tunnel_and_speaks_tls_in_it() {
    for (tunnel, heard) in [(Tunnel::Refuse, None), (Tunnel::Overhear, Some("first byte 0x16"))] {
        let proxy = Proxy::http(tunnel).await;
        let endpoints = Endpoints::at("https://api.broker.example".parse().unwrap());
        let line = Connection::new(endpoints, proxy.egress("http")).unwrap();
        let error = line.session("key", Secret::new("t0ken")).place(&order()).await.unwrap_err();
        // No tunnel, or no handshake in it: not a byte of the order has left.
        assert_eq!(error.outcome(), Outcome::DefiniteNo, "{error:?}");
        let expected = ["CONNECT api.broker.example:443 HTTP/1.1"].into_iter().chain(heard);
        assert_eq!(proxy.asked(), expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_a_definite_no_and_the_order_takes_no_other_way() {
    let server = broker().await;
    let nobody = Nobody::at_home();
    for scheme in ["http", "socks5"] {
        let egress = Egress::Proxy(format!("{scheme}://{}", nobody.address).parse().unwrap());
        let line = Connection::new(Endpoints::at(server.url()), egress).unwrap();
        let error = line.session("key", Secret::new("t0ken")).place(&order()).await.unwrap_err();
        assert!(matches!(error, Error::NotSent { .. }), "{scheme}: {error}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_ticker_goes_directly_where_orders_go_through_a_proxy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let proxy = Proxy::socks5().await;
    let line = Connection::new(Endpoints::at(url), proxy.egress("socks5")).unwrap();
    let (ticker, mut events) = line.session("key", Secret::new("t0ken")).ticker();
    ticker.want(&[1].into(), Mode::Ltp);
    let (mut socket, _) = timeout(Duration::from_secs(5), listener.accept()).await.unwrap().unwrap();
    let mut head = [0; 16];
    socket.read_exact(&mut head).await.unwrap();
    assert!(head.starts_with(b"GET /?api_key="), "{head:?}");
    drop(socket);
    assert!(matches!(events.recv().await, Some(TickerEvent::Lost { .. })));
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn the_preflight_names_the_address_that_the_broker_sees() {
    let server = broker().await;
    for from in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 7)] {
        let line = Connection::new(Endpoints::at(server.url()), Egress::From(from.into())).unwrap();
        let way = line.preflight().await.unwrap();
        assert_eq!(way.local.unwrap().ip(), IpAddr::V4(from));
        assert_eq!(way.peer, Some(server.url().socket_addrs(|| None).unwrap()[0]));
        let seen = server.requests().pop().unwrap();
        assert_eq!((seen.peer, seen.header("authorization")), (IpAddr::V4(from), String::new()));
        assert!(way.to_string().contains(&format!("leave from {from} of this machine")), "{way}");
    }
    let direct = Connection::new(Endpoints::at(server.url()), Egress::Direct).unwrap();
    assert_eq!(direct.preflight().await.unwrap().local.unwrap().ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
}

#[tokio::test]
async fn the_preflight_goes_through_the_proxy_or_says_that_it_cannot() {
    let server = broker().await;
    let proxy = Proxy::socks5().await;
    let line = Connection::new(Endpoints::at(server.url()), proxy.egress("socks5")).unwrap();
    let way = line.preflight().await.unwrap();
    assert_eq!((way.peer, proxy.asked().len()), (Some(proxy.address), 1));
    assert!(way.to_string().contains("The broker sees the proxy's address"), "{way}");
    let refusing = Proxy::http(Tunnel::Refuse).await;
    let endpoints = Endpoints::at("https://api.broker.example".parse().unwrap());
    let line = Connection::new(endpoints, refusing.egress("http")).unwrap();
    assert!(matches!(line.preflight().await, Err(Error::NotSent { .. })));
    assert_eq!(refusing.asked(), ["CONNECT api.broker.example:443 HTTP/1.1"]);
}
