//! The feed's task: connect, ask, hand upward, and again.
//!
//! Ends when the handle or the receiver is dropped, or when the broker refuses the session.

use super::link::{Link, LinkError, Socket};
use super::wanted::Wanted;
use super::{TickerEvent, text};
use crate::answer::clean;
use crate::{clock, frame};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

/// The broker sends a heartbeat every second; this long without one is a dead line.
const SILENCE: Duration = Duration::from_secs(5);
/// Telling the broker what is wanted.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Why a line ended.
enum End {
    /// Somebody closed it on our side.
    Closed,
    /// It broke.
    Lost(String),
}

pub(super) async fn run(link: Link, mut wishes: watch::Receiver<Wanted>, events: mpsc::Sender<TickerEvent>) {
    let mut backoff = FIRST_BACKOFF;
    loop {
        let opened = tokio::select! {
            opened = link.open() => opened,
            () = abandoned(&mut wishes, &events) => return,
        };
        let reason = match opened {
            Ok(socket) => match Line::new(socket, &events).serve(&mut wishes, &mut backoff).await {
                End::Closed => return,
                End::Lost(reason) => reason,
            },
            Err(LinkError::Failed(reason)) => reason,
            Err(LinkError::Refused(status)) => {
                let _receiver_may_be_gone = events.send(TickerEvent::Refused { status }).await;
                return;
            }
        };
        if events.send(TickerEvent::Lost { reason: clean(&reason) }).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(backoff) => {}
            () = abandoned(&mut wishes, &events) => return,
        }
        backoff = (backoff * 2).min(LONGEST_BACKOFF);
    }
}

/// Resolves when nobody holds the feed any more.
async fn abandoned(wishes: &mut watch::Receiver<Wanted>, events: &mpsc::Sender<TickerEvent>) {
    let handle_dropped = async { while wishes.changed().await.is_ok() {} };
    tokio::select! {
        () = handle_dropped => {}
        () = events.closed() => {}
    }
}

/// One standing line.
struct Line<'a> {
    socket: Socket,
    events: &'a mpsc::Sender<TickerEvent>,
    told: Wanted,
}

impl<'a> Line<'a> {
    fn new(socket: Socket, events: &'a mpsc::Sender<TickerEvent>) -> Self {
        Self { socket, events, told: Wanted::default() }
    }

    async fn serve(mut self, wishes: &mut watch::Receiver<Wanted>, backoff: &mut Duration) -> End {
        if let Err(end) = self.tell(wishes).await {
            return end;
        }
        if self.events.send(TickerEvent::Connected).await.is_err() {
            return End::Closed;
        }
        loop {
            let step = tokio::select! {
                changed = wishes.changed() => match changed {
                    Ok(()) => self.tell(wishes).await,
                    Err(_) => Err(End::Closed),
                },
                () = self.events.closed() => Err(End::Closed),
                message = timeout(SILENCE, self.socket.next()) => {
                    // Only a line that speaks is a good one: an endless accept-and-drop must back off.
                    let heard = self.hear(message.unwrap_or_else(|_| Some(Err(silence())))).await;
                    if heard.is_ok() {
                        *backoff = FIRST_BACKOFF;
                    }
                    heard
                }
            };
            if let Err(end) = step {
                if matches!(end, End::Closed) {
                    let _line_may_be_dead = timeout(SEND_TIMEOUT, self.socket.close(None)).await;
                }
                return end;
            }
        }
    }

    /// Tells the broker what has changed in what is wanted.
    async fn tell(&mut self, wishes: &mut watch::Receiver<Wanted>) -> Result<(), End> {
        let wanted = wishes.borrow_and_update().clone();
        for message in wanted.messages_from(&self.told) {
            let sent = timeout(SEND_TIMEOUT, self.socket.send(Message::text(message))).await;
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(End::Lost(error.to_string())),
                Err(_) => return Err(End::Lost("the broker does not read".to_owned())),
            }
        }
        self.told = wanted;
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<Message, SocketError>>) -> Result<(), End> {
        let event = match message {
            None => return Err(End::Lost("closed by the broker".to_owned())),
            Some(Err(error)) => return Err(End::Lost(error.to_string())),
            Some(Ok(Message::Binary(payload))) => ticks(&payload),
            Some(Ok(Message::Text(words))) => text::read(words.as_str()),
            Some(Ok(Message::Close(_))) => return Err(End::Lost("closed by the broker".to_owned())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
        };
        match event {
            None => Ok(()),
            Some(event) => self.events.send(event).await.map_err(|_| End::Closed),
        }
    }
}

fn ticks(payload: &[u8]) -> Option<TickerEvent> {
    let frame = frame::decode(payload, clock::now());
    if frame.skipped > 0 {
        tracing::warn!(skipped = frame.skipped, "ticker packets that cannot be read");
    }
    (!frame.ticks.is_empty()).then_some(TickerEvent::Ticks(frame.ticks))
}

fn silence() -> SocketError {
    SocketError::Io(std::io::Error::other(format!("nothing heard for {} s", SILENCE.as_secs())))
}
