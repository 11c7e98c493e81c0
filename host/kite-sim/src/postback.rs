//! Postbacks: what an app's server is told of its orders, once each, with a checksum (reference §13).
//!
//! Knows addresses and bodies and nothing of orders. Nothing is tried twice: an app that missed one reads the order book.

use crate::spoiling::{Behind, Spoiler, Spoiling, UpdateFault};
use crate::turns::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long an app may take to answer, in milliseconds.
const PATIENCE_MS: u64 = 3_000;
/// How many may wait for their turn; more are lost.
const QUEUE: usize = 1_024;
/// As much of an answer as is read: its status line.
const STATUS_BYTES: usize = 64;

/// One thing to tell.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) url: Url,
    pub(crate) body: String,
}

/// Where posts wait for the task that sends them.
#[derive(Debug)]
pub(crate) struct Outbox {
    posts: mpsc::Sender<Post>,
    faults: Mutex<Faults>,
}

/// What goes wrong with posts, and what waits behind the next one of each app.
#[derive(Debug, Default)]
struct Faults {
    spoiler: Spoiler,
    behind: BTreeMap<String, Behind<Post>>,
}

/// Why one was not delivered.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("only http addresses with a host are told")]
    Address,
    #[error("{0}")]
    Line(#[from] std::io::Error),
    #[error("no answer within {PATIENCE_MS} ms")]
    Patience,
    #[error("the answer was: {0}")]
    Refused(String),
}

impl Outbox {
    /// An outbox and the other end of it, for [`deliver`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Post>) {
        let (posts, receiver) = mpsc::channel(QUEUE);
        (Self { posts, faults: Mutex::default() }, receiver)
    }

    /// Adds what an app is to be told, as the fault in force has it.
    pub(crate) fn add(&self, api_key: &str, post: Post) {
        let mut faults = lock(&self.faults);
        let Faults { spoiler, behind } = &mut *faults;
        let spoiling = if spoiler.concerns(api_key) { spoiler.next() } else { Spoiling::None };
        for post in behind.entry(api_key.to_owned()).or_default().pass(post, spoiling) {
            if self.posts.try_send(post).is_err() {
                tracing::warn!("a postback is lost: {QUEUE} wait already");
            }
        }
    }

    /// Spoils the next posts.
    pub(crate) fn set_fault(&self, fault: UpdateFault) {
        lock(&self.faults).spoiler = Spoiler::new(fault);
    }

    /// What of that still waits.
    pub(crate) fn fault(&self) -> UpdateFault {
        lock(&self.faults).spoiler.fault().clone()
    }
}

/// Tells them one after the other until it is told to stop.
pub(crate) async fn deliver(mut posts: mpsc::Receiver<Post>, stop: CancellationToken) {
    loop {
        let post = tokio::select! {
            () = stop.cancelled() => return,
            post = posts.recv() => post,
        };
        let Some(post) = post else { return };
        let sent = tokio::time::timeout(Duration::from_millis(PATIENCE_MS), send(&post)).await;
        if let Err(lost) = sent.unwrap_or(Err(Lost::Patience)) {
            tracing::warn!("a postback to {} is lost: {lost}", post.url);
        }
    }
}

async fn send(post: &Post) -> Result<(), Lost> {
    let Post { url, body } = post;
    let (Some(host), Some(port), "http") = (url.host_str(), url.port_or_known_default(), url.scheme()) else {
        return Err(Lost::Address);
    };
    let mut line = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    line.write_all(head.as_bytes()).await?;
    line.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    line.take(STATUS_BYTES as u64).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    let fine = status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
    if fine { Ok(()) } else { Err(Lost::Refused(status.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn more_than_the_queue_holds_are_lost_and_nobody_waits() {
        let (outbox, mut posts) = Outbox::new();
        for n in 0..QUEUE + 5 {
            outbox.add("key", Post { url: "http://127.0.0.1:1/".parse().unwrap(), body: n.to_string() });
        }
        let mut waiting = 0;
        while posts.try_recv().is_ok() {
            waiting += 1;
        }
        assert_eq!(waiting, QUEUE);
    }

    #[tokio::test]
    async fn a_refusal_and_an_address_that_is_none_are_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap()).parse().unwrap();
        let answering = async {
            let (mut line, _) = listener.accept().await.unwrap();
            let mut heard = [0; 1_024];
            let count = line.read(&mut heard).await.unwrap();
            line.write_all(b"HTTP/1.1 401 Unauthorized\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&heard[..count]).into_owned()
        };
        let post = Post { url, body: "{}".to_owned() };
        let (sent, heard) = tokio::join!(send(&post), answering);
        assert!(sent.unwrap_err().to_string().contains("401 Unauthorized"));
        assert!(heard.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{heard}");
        let post = Post { url: "https://127.0.0.1/".parse().unwrap(), body: String::new() };
        assert!(matches!(send(&post).await, Err(Lost::Address)));
    }
}
