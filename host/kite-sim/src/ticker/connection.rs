//! One ticker connection: subscriptions in, frames out, a heartbeat when there is nothing else to say.

use crate::ticker::frame::{HEARTBEAT, message};
use crate::ticker::hub::{Frame, Seat, Withheld};
use crate::ticker::subscriptions::Subscriptions;
use axum::extract::ws::{Message, WebSocket};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Silence after which a heartbeat goes out, in milliseconds.
const HEARTBEAT_MS: u64 = 1_000;
/// How many packets go into one message.
const PACKETS_PER_MESSAGE: usize = 500;

struct Connection {
    socket: WebSocket,
    seat: Seat,
    subscriptions: Subscriptions,
    last_sent: Instant,
}

/// The connection is over: the other side left, or ours cut it.
struct Over;

/// Serves one connection to its end.
pub(crate) async fn serve(socket: WebSocket, seat: Seat) {
    let subscriptions = Subscriptions::default();
    let mut connection = Connection { socket, seat, subscriptions, last_sent: Instant::now() };
    while connection.turn().await.is_ok() {}
}

impl Connection {
    async fn turn(&mut self) -> Result<(), Over> {
        if let Some(silence) = self.seat.withheld(Withheld::All) {
            tokio::select! {
                () = self.seat.cut.cancelled() => return Err(Over),
                () = tokio::time::sleep(silence) => {}
            }
        }
        let heartbeat_at = self.last_sent + Duration::from_millis(HEARTBEAT_MS);
        tokio::select! {
            biased;
            () = self.seat.cut.cancelled() => Err(Over),
            frame = self.seat.frames.recv() => {
                let message = match frame.ok_or(Over)? {
                    Frame::Update(text) => Message::Text(text.into()),
                    Frame::Malformed(message) => message,
                };
                self.send(message).await
            }
            incoming = self.socket.recv() => match incoming {
                Some(Ok(message)) => self.hear(message).await,
                Some(Err(_)) | None => Err(Over),
            },
            changed = self.seat.board.changed() => {
                changed.map_err(|_| Over)?;
                self.send_ticks().await
            }
            () = tokio::time::sleep_until(heartbeat_at) => {
                if self.seat.withheld(Withheld::Heartbeats).is_some() {
                    self.last_sent = Instant::now();
                    return Ok(());
                }
                self.send(Message::Binary(HEARTBEAT.to_vec().into())).await
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Over> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(Over),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        let outcome = self.subscriptions.take(&text);
        self.send_ticks().await?;
        match outcome {
            Ok(()) => Ok(()),
            Err(words) => {
                self.send(Message::Text(json!({"type": "error", "data": words}).to_string().into())).await
            }
        }
    }

    async fn send_ticks(&mut self) -> Result<(), Over> {
        let board = self.seat.board.borrow_and_update().clone();
        if self.seat.withheld(Withheld::Ticks).is_some() {
            return Ok(());
        }
        let packets = self.subscriptions.packets(&board);
        for part in packets.chunks(PACKETS_PER_MESSAGE) {
            self.send(Message::Binary(message(part).into())).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        self.last_sent = Instant::now();
        tokio::select! {
            () = self.seat.cut.cancelled() => Err(Over),
            sent = self.socket.send(message) => sent.map_err(|_| Over),
        }
    }
}
