//! The door on a real, empty data folder, without a socket: what strangers get.

use crate::programs::Programs;
use crate::runs::{RunLimits, Supervisor};
use crate::web::{Reach, WebState, openapi_document, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use market::Calendar;
use sandbox::{CompileLimits, Compiler, Engine, Limits};
use serde_json::Value;
use tempfile::TempDir;
use tenant::{BrokerAddress, Tenants, TenantsConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

async fn door(folder: &TempDir) -> Router {
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
    router(WebState { tenants, supervisor, programs, reach: Reach::default(), upload_bytes_max: 1 << 20 })
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
    assert!(asked >= 38, "only {asked} operations");
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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, door(&folder).await).into_future());
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
    let far_too_large = exchange(&mut connection, refused[0].0, 5 << 20).await;
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
