//! The door on a real, empty data folder, without a socket: what strangers get.

use crate::programs::Programs;
use crate::runs::{RunLimits, Supervisor};
use crate::web::{Reach, ServeLimits, WebState, openapi_document, router, serve};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use market::Calendar;
use sandbox::{CompileLimits, Compiler, Engine, Limits};
use serde_json::Value;
use std::collections::BTreeSet;
use tempfile::TempDir;
use tenant::{BrokerAddress, Tenants, TenantsConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

async fn door(folder: &TempDir) -> Router {
    router(state(folder).await)
}

async fn state(folder: &TempDir) -> WebState {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broker = BrokerAddress::At("http://127.0.0.1:9".parse().unwrap());
    let config = TenantsConfig::new(folder.path().join("data"), folder.path().join("host.key"), broker);
    let tenants = Tenants::open(config).await.unwrap();
    let engine = Engine::new(Limits { machines: 2, ..Limits::default() }).unwrap();
    let cache = folder.path().join("compiled");
    let compiler =
        Compiler::new("unused".into(), Vec::new(), cache, [0; 32], engine, CompileLimits::default());
    let programs = Programs::new(compiler);
    let clock = tenants.clock().clone();
    let supervisor =
        Supervisor::start(programs.clone(), Calendar::nse([]), clock, RunLimits::default()).unwrap();
    WebState::new(tenants, supervisor, programs, Reach::default(), 1 << 20)
}

async fn ask(door: &Router, request: Request<Body>) -> (StatusCode, String, Value) {
    let response = door.clone().oneshot(request).await.unwrap();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, kind.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8080")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_routed_and_closed_to_strangers() {
    let folder = TempDir::new().unwrap();
    let door = door(&folder).await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let empty = request(&method.to_uppercase(), path).body(Body::empty()).unwrap();
            let (status, kind, _) = ask(&door, empty).await;
            if operation.get("security").is_some() {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
                assert_eq!(kind, "application/problem+json", "{method} {path}");
            } else {
                let routed = status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED;
                assert!(routed, "{method} {path}: {status}");
            }
            asked += 1;
        }
    }
    assert!(asked >= 42, "only {asked} operations");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_problems_in_plain_words() {
    let folder = TempDir::new().unwrap();
    let door = door(&folder).await;
    let json = |text: &'static str| {
        let request = request("POST", "/api/auth/authenticate");
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(text)).unwrap()
    };
    let cross_site = request("POST", "/api/auth/logout").header("sec-fetch-site", "cross-site");
    let cases = [
        (request("GET", "/api/none").body(Body::empty()).unwrap(), 404),
        (request("GET", "/api/examples/%ff/download").body(Body::empty()).unwrap(), 401),
        (request("GET", "/metrics").body(Body::empty()).unwrap(), 403),
        (
            request("GET", "/api/stream").header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap(),
            403,
        ),
        (request("GET", "/api/logs/stream").header("origin", "null").body(Body::empty()).unwrap(), 403),
        (request("POST", "/api/postback").body(Body::from(vec![b'x'; 5_000])).unwrap(), 413),
        (request("DELETE", "/api/orders").body(Body::empty()).unwrap(), 405),
        (cross_site.body(Body::empty()).unwrap(), 403),
        (Request::get("/").header(header::HOST, "evil.example").body(Body::empty()).unwrap(), 421),
        (json("{"), 400),
        (json(r#"{"apiKey":"a","apiSecret":"b","requestToken":"c","brokerId":"UK9394"}"#), 400),
        (request("POST", "/api/auth/authenticate").body(Body::from("{}")).unwrap(), 415),
    ];
    for (request, expected) in cases {
        let named = format!("{} {}", request.method(), request.uri());
        let (status, kind, body) = ask(&door, request).await;
        assert_eq!(status.as_u16(), expected, "{named}: {body}");
        assert_eq!(kind, "application/problem+json", "{named}");
        assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 8), "{named}: {body}");
    }
}

/// `.route("/path", get(a).post(b))` of the route tables, as (path, method).
fn routed() -> BTreeSet<(String, String)> {
    let table = include_str!("../web.rs");
    let mut found = BTreeSet::new();
    for route in table.split(".route(\"").skip(1) {
        let (path, verbs) = route.split_once('"').unwrap();
        let line = verbs.lines().next().unwrap();
        for method in ["get", "post", "put", "delete"] {
            if [format!(" {method}("), format!(".{method}(")].iter().any(|verb| line.contains(verb)) {
                found.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    found
}

#[test]
fn the_document_names_every_route_and_no_other() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut named = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        named.extend(item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())));
    }
    let routed = routed();
    assert!(routed.len() >= 42, "{routed:?}");
    let (unnamed, unrouted): (Vec<_>, Vec<_>) =
        (routed.difference(&named).collect(), named.difference(&routed).collect());
    assert!(
        unnamed.is_empty() && unrouted.is_empty(),
        "not in the document: {unnamed:?}; no route: {unrouted:?}"
    );
}

#[test]
fn the_document_names_every_status_that_the_layers_around_the_handlers_answer() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let has =
        |path: &str, method: &str, code: &str| !document["paths"][path][method]["responses"][code].is_null();
    for (path, method, codes) in [
        (
            "/api/live-trader/start",
            "post",
            &["400", "401", "403", "413", "415", "421", "422", "500", "504"][..],
        ),
        ("/api/stream", "get", &["400", "401", "403", "421", "429"]),
        ("/api/strategies", "post", &["400", "403", "409", "413", "415", "422", "429"]),
        ("/api/runs/{id}", "get", &["400", "401", "404", "421"]),
        ("/api/postback", "post", &["400", "403", "413", "421", "429"]),
        ("/readyz", "get", &["421", "503"]),
    ] {
        for code in codes {
            assert!(has(path, method, code), "{method} {path} does not name {code}");
        }
    }
    assert!(!has("/healthz", "get", "401"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_going_down_is_not_ready() {
    let folder = TempDir::new().unwrap();
    let state = state(&folder).await;
    let door = router(state.clone());
    let ready = || request("GET", "/readyz").body(Body::empty()).unwrap();
    assert_eq!(ask(&door, ready()).await.0, StatusCode::OK);
    state.ending.begin();
    let (status, kind, body) = ask(&door, ready()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert_eq!(kind, "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_database_is_gone_is_not_ready() {
    let folder = TempDir::new().unwrap();
    let state = state(&folder).await;
    state.tenants.close().await;
    let ready = request("GET", "/readyz").body(Body::empty()).unwrap();
    let (status, _, body) = ask(&router(state), ready).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_browsers_are_told_to_stay_there() {
    let folder = TempDir::new().unwrap();
    let plain = state(&folder).await;
    let reach = Reach { public_url: Some("https://desk.example".parse().unwrap()), ..Reach::default() };
    let secure = WebState { reach, ..plain.clone() };
    for (state, told) in [(plain, false), (secure, true)] {
        let alive = request("GET", "/healthz").body(Body::empty()).unwrap();
        let answer = router(state).oneshot(alive).await.unwrap();
        assert_eq!(answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), told);
    }
}

/// A door on a real socket, with these bounds.
async fn served(folder: &TempDir, limits: ServeLimits) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, state(folder).await, limits, std::future::pending()));
    address
}

/// What a connection hears until it is closed, within ten seconds.
async fn hears(connection: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let all = connection.read_to_end(&mut heard);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), all).await;
    assert!(ended.is_ok(), "it was not closed; heard {:?}", String::from_utf8_lossy(&heard));
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_request_is_cut_off() {
    let folder = TempDir::new().unwrap();
    let address = served(&folder, ServeLimits { head_ms: 300, ..ServeLimits::default() }).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ").await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.unwrap();
    let (silent, slow, idle) = tokio::join!(hears(&mut silent), hears(&mut slow), hears(&mut idle));
    assert!(!silent.contains("200") && !slow.contains("200"), "{silent} {slow}");
    assert!(idle.starts_with("HTTP/1.1 200"), "it had its answer first: {idle}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_every_connection() {
    let folder = TempDir::new().unwrap();
    let limits = ServeLimits { connections_per_address: 2, ..ServeLimits::default() };
    let address = served(&folder, limits).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let answer = exchange(&mut first, "POST /api/none HTTP/1.1", 1).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let mut second = TcpStream::connect(address).await.unwrap();
    exchange(&mut second, "POST /api/none HTTP/1.1", 1).await;
    let mut third = TcpStream::connect(address).await.unwrap();
    assert_eq!(hears(&mut third).await, "", "closed without a word");
    drop(first);
    let again = async {
        loop {
            let mut fourth = TcpStream::connect(address).await.unwrap();
            let ask =
                fourth.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
            if ask.await.is_ok() && hears(&mut fourth).await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again).await.expect("the place is free again");
}

/// Writes a request with a body to an open connection and reads the answer's status and whole text.
async fn exchange(connection: &mut TcpStream, head: &str, body_bytes: usize) -> String {
    let head = format!("{head}\r\nhost: 127.0.0.1\r\ncontent-length: {body_bytes}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&vec![b'x'; body_bytes]).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with('}') && !answer.ends_with("ok\n") {
        let mut piece = vec![0; 4096];
        let read = connection.read(&mut piece).await.unwrap();
        assert!(read > 0, "cut off after {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_survives_requests_that_are_refused_before_their_body_is_read() {
    let folder = TempDir::new().unwrap();
    let address = served(&folder, ServeLimits::default()).await;
    let mut connection = TcpStream::connect(address).await.unwrap();
    let refused = [
        ("POST /api/strategies/none/versions HTTP/1.1\r\ncontent-type: application/wasm", "401"),
        ("POST /api/none HTTP/1.1", "404"),
        ("POST /api/auth/authenticate HTTP/1.1\r\ncontent-type: application/json", "413"),
        ("POST /api/auth/logout HTTP/1.1\r\nsec-fetch-site: cross-site", "403"),
    ];
    for (head, status) in refused {
        let answer = exchange(&mut connection, head, 3 << 20).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
        assert!(!answer.contains("connection: close"), "{head}: {answer}");
    }
    let far_too_large = exchange(&mut connection, refused[0].0, 24 << 20).await;
    assert!(far_too_large.contains("connection: close"), "{far_too_large}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_before_sending_is_refused_without_sending() {
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, door(&folder).await).into_future());
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/strategies HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}
