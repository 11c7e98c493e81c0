//! A tenant's way out, set while the host runs: no order leaves from another address than the one that was proved.

use crate::command::bulkhead;
use e2e::{Account, Setup, Trader, World, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

// The page answers on a thread of its own: the command is waited for on this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_wait_for_the_right_address_and_leave_from_it_at_once() {
    let (world, trader) = trading_with_a_page_that_tells().await;
    set(&world, &["--from", "127.0.0.2", "--expect", "127.0.0.3"]);
    let refused = refused_for_it(&trader).await;
    assert!(refused.contains("127.0.0.3"), "{refused}");
    let shown = trader.get("/api/egress").await.expect(200);
    assert_eq!(shown["expected"], "127.0.0.3");
    assert!(sources(&world).await.is_subset(&BTreeSet::from(["127.0.0.1".to_owned()])));

    set(&world, &["--from", "127.0.0.3", "--expect", "127.0.0.3"]);
    eventually("an order leaves from there", || async {
        sources(&world).await.contains("127.0.0.3").then_some(())
    })
    .await;
    assert!(!sources(&world).await.contains("127.0.0.2"), "nothing ever left from the wrong one");
    let shown = trader.post("/api/egress/preflight", json!({})).await.expect(200);
    assert_eq!((&shown["address"], &shown["refused"]), (&json!("127.0.0.3"), &Value::Null));
    let checked = bulkhead(&world, &["tenants", "egress", "UK9394", "--check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("saw 127.0.0.3"), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_leave_through_a_proxy_that_is_seen_as_the_expected_address_and_stop_with_it() {
    let (world, trader) = trading_with_a_page_that_tells().await;
    let proxy = Proxy::start("127.0.0.9").await;
    let url = format!("socks5://{}", proxy.address);
    set(&world, &["--proxy", &url, "--expect", "127.0.0.9"]);
    eventually("an order leaves through it", || async {
        sources(&world).await.contains("127.0.0.9").then_some(())
    })
    .await;
    let direct = from(&world, "127.0.0.1").await;
    set(&world, &["--proxy", &url, "--expect", "127.0.0.8"]);
    refused_for_it(&trader).await;
    assert_eq!(from(&world, "127.0.0.1").await, direct, "nothing leaves past the proxy");
}

/// A host that can prove addresses, and a run that trades.
async fn trading_with_a_page_that_tells() -> (World, Trader) {
    let pages = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = pages.local_addr().unwrap();
    tokio::spawn(tell_addresses(pages));
    let serve_args = vec!["--echo-url".to_owned(), format!("http://{page}/")];
    let world = World::start_with(Setup { serve_args, ..Setup::default() }).await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    trader.start(&strategy, json!({ "every": 2 })).await;
    trader.list_of("/api/orders", 1).await;
    (world, trader)
}

fn set(world: &World, way: &[&str]) {
    let told = bulkhead(world, &[&["tenants", "egress", "UK9394"], way].concat());
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stdout).contains("from now on"), "{told:?}");
}

/// Waits for an order that is refused for its way out; why.
async fn refused_for_it(trader: &Trader) -> String {
    eventually("an order is refused for its address", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        let order = orders.as_array().unwrap().iter().find(|order| order["refusal"] == "wayOut").cloned()?;
        Some(order["message"].as_str().unwrap_or_default().to_owned())
    })
    .await
}

async fn sources(world: &World) -> BTreeSet<String> {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().unwrap().clone();
    let places = calls.iter().filter(|call| call["method"] == "POST");
    places.map(|call| call["sourceIp"].as_str().unwrap().to_owned()).collect()
}

/// How many orders came from an address.
async fn from(world: &World, address: &str) -> usize {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().unwrap().clone();
    calls.iter().filter(|call| call["method"] == "POST" && call["sourceIp"] == address).count()
}

/// A page of the open internet that tells who asks.
async fn tell_addresses(pages: TcpListener) {
    while let Ok((mut socket, peer)) = pages.accept().await {
        // Each by itself: a connection that was opened and not used yet holds up nobody.
        tokio::spawn(async move {
            let mut head = [0; 4_096];
            let _ = socket.read(&mut head).await;
            let body = peer.ip().to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = socket.write_all(answer.as_bytes()).await;
        });
    }
}

/// A SOCKS proxy that leaves from an address of its own.
struct Proxy {
    address: SocketAddr,
}

impl Proxy {
    async fn start(own: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(async move { drop(tunnel(socket, own).await) });
            }
        });
        Self { address }
    }
}

async fn tunnel(mut socket: TcpStream, own: &str) -> std::io::Result<()> {
    let mut hello = [0; 2];
    socket.read_exact(&mut hello).await?;
    let mut methods = vec![0; usize::from(hello[1])];
    socket.read_exact(&mut methods).await?;
    socket.write_all(&[5, 0]).await?;
    let mut asked = [0; 10];
    socket.read_exact(&mut asked).await?;
    let [_, _, _, kind, a, b, c, d, high, low] = asked;
    assert_eq!(kind, 1, "the broker of these tests is named by its address");
    let target = SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low])));
    let outward = TcpSocket::new_v4()?;
    outward.bind(SocketAddr::new(own.parse().unwrap(), 0))?;
    let mut outward = outward.connect(target).await?;
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut socket, &mut outward).await.map(drop)
}
