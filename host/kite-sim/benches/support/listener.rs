//! One ticker connection of a client: notes when each packet came.

use super::truth::hash;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::collections::HashMap;
use std::time::Instant;
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// An open connection.
pub(crate) struct Listener {
    task: JoinHandle<Heard>,
    stop: CancellationToken,
}

/// When what came, by instrument and by what stands for the packet.
#[derive(Default)]
pub(crate) struct Heard(HashMap<(u32, u64), Instant>);

impl Listener {
    /// Connects, and asks for these instruments in full.
    pub(crate) async fn open(url: &str, tokens: &[u32]) -> Self {
        let (mut socket, _) = connect_async(url).await.unwrap();
        let wish = json!({"a": "mode", "v": ["full", tokens]}).to_string();
        socket.send(Message::text(wish)).await.unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut heard = Heard::default();
            loop {
                let frame = tokio::select! {
                    () = stopped.cancelled() => return heard,
                    frame = socket.next() => frame.expect("the ticker closed").unwrap(),
                };
                if let Message::Binary(bytes) = frame {
                    heard.take(&bytes, Instant::now());
                }
            }
        });
        Self { task, stop }
    }

    /// Hangs up. What it heard.
    pub(crate) async fn stop(self) -> Heard {
        self.stop.cancel();
        self.task.await.unwrap()
    }
}

impl Heard {
    pub(crate) fn arrival(&self, token: u32, hash: u64) -> Option<Instant> {
        self.0.get(&(token, hash)).copied()
    }

    fn take(&mut self, frame: &[u8], now: Instant) {
        let short = |at: usize| usize::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
        let mut at = 2;
        while at + 2 <= frame.len() {
            let packet = &frame[at + 2..at + 2 + short(at)];
            let token = u32::from_be_bytes([packet[0], packet[1], packet[2], packet[3]]);
            self.0.entry((token, hash(packet))).or_insert(now);
            at += 2 + packet.len();
        }
    }
}
