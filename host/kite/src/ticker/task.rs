//! The feed's task: connect, ask, hand upward, and again.
//!
//! Ends when the handle or the receiver is dropped, or when the broker refuses the session.

use super::link::{Link, LinkError, Socket};
use super::wanted::Wanted;
use super::{Gap, TickerEvent, text};
use crate::answer::clean;
use crate::backoff::Backoff;
use crate::{clock, frame};
use futures_util::{SinkExt, StreamExt};
use market::Timestamp;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

/// Why a line ended.
enum End {
    /// Somebody closed it on our side.
    Closed,
    /// It broke.
    Lost(String),
}

pub(super) async fn run(link: Link, mut wishes: watch::Receiver<Wanted>, events: mpsc::Sender<TickerEvent>) {
    let mut backoff = link.backoff();
    let mut heard = None;
    loop {
        let opened = tokio::select! {
            opened = link.open() => opened,
            () = abandoned(&mut wishes, &events) => return,
        };
        let reason = match opened {
            Ok(socket) => {
                let line = Line::new(socket, &link, &events);
                match line.serve(&mut wishes, &mut backoff, &mut heard).await {
                    End::Closed => return,
                    End::Lost(reason) => reason,
                }
            }
            Err(LinkError::Failed(reason)) => reason,
            Err(LinkError::Refused(status)) => {
                let _receiver_may_be_gone = events.send(TickerEvent::Refused { status }).await;
                return;
            }
        };
        if events
            .send(TickerEvent::Lost { reason: clean(&link.access_token().blot_out(&reason)) })
            .await
            .is_err()
        {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => {}
            () = abandoned(&mut wishes, &events) => return,
        }
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
    link: &'a Link,
    events: &'a mpsc::Sender<TickerEvent>,
    told: Wanted,
    skipped: Tally,
    odd_times: Tally,
}

impl<'a> Line<'a> {
    fn new(socket: Socket, link: &'a Link, events: &'a mpsc::Sender<TickerEvent>) -> Self {
        let (skipped, odd_times) = (Tally::default(), Tally::default());
        Self { socket, link, events, told: Wanted::default(), skipped, odd_times }
    }

    /// `heard` is when a line was last heard: this one, or the one before.
    async fn serve(
        mut self,
        wishes: &mut watch::Receiver<Wanted>,
        backoff: &mut Backoff,
        heard: &mut Option<Timestamp>,
    ) -> End {
        if let Err(end) = self.tell(wishes).await {
            return end;
        }
        if let Err(end) = self.report(*heard).await {
            return end;
        }
        // Whatever comes from now on is heard; a line that is lost before it spoke has missed what came after this.
        *heard = Some(clock::now());
        let limits = *self.link.limits();
        loop {
            let step = tokio::select! {
                changed = wishes.changed() => match changed {
                    Ok(()) => self.tell(wishes).await,
                    Err(_) => Err(End::Closed),
                },
                () = self.events.closed() => Err(End::Closed),
                message = timeout(limits.silence, self.socket.next()) => {
                    // Taken now: whoever listens may be slow to take the message.
                    let at = clock::now();
                    // Only a line that speaks is a good one: an endless accept-and-drop must back off.
                    let step = self.hear(message.unwrap_or_else(|_| Some(Err(silence(limits.silence))))).await;
                    if step.is_ok() {
                        backoff.reset();
                        *heard = Some(at);
                    }
                    step
                }
            };
            if let Err(end) = step {
                if matches!(end, End::Closed) {
                    let _line_may_be_dead = timeout(limits.send_timeout, self.socket.close(None)).await;
                }
                return end;
            }
        }
    }

    /// Says that the line stands, and what was missed since an earlier one was heard.
    async fn report(&self, heard: Option<Timestamp>) -> Result<(), End> {
        let (until, instruments) = (clock::now(), self.told.count());
        // A wall clock may be set back between the two.
        let missed =
            heard.map(|since| TickerEvent::Missed(Gap { since, until: until.max(since), instruments }));
        for event in [Some(TickerEvent::Connected), missed].into_iter().flatten() {
            self.events.send(event).await.map_err(|_| End::Closed)?;
        }
        Ok(())
    }

    /// Tells the broker what has changed in what is wanted.
    async fn tell(&mut self, wishes: &mut watch::Receiver<Wanted>) -> Result<(), End> {
        let wanted = wishes.borrow_and_update().clone();
        for message in wanted.messages_from(&self.told) {
            let sent =
                timeout(self.link.limits().send_timeout, self.socket.send(Message::text(message))).await;
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
            Some(Ok(Message::Binary(payload))) => self.ticks(&payload),
            Some(Ok(Message::Text(words))) => text::read(words.as_str(), self.link.access_token()),
            Some(Ok(Message::Close(_))) => return Err(End::Lost("closed by the broker".to_owned())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
        };
        match event {
            None => Ok(()),
            Some(event) => self.events.send(event).await.map_err(|_| End::Closed),
        }
    }
    fn ticks(&mut self, payload: &[u8]) -> Option<TickerEvent> {
        let frame = frame::decode(payload, clock::now());
        if self.skipped.doubled_by(frame.skipped) {
            tracing::warn!(so_far = self.skipped.0, "ticker packets that cannot be read");
        }
        if self.odd_times.doubled_by(frame.odd_times) {
            tracing::warn!(
                so_far = self.odd_times.0,
                "ticks with a time in the future: this clock or theirs is wrong"
            );
        }
        (!frame.ticks.is_empty()).then_some(TickerEvent::Ticks(frame.ticks))
    }
}

/// Counts what would fill the log if each were told.
#[derive(Default)]
struct Tally(usize);

impl Tally {
    /// True for the first and whenever the count has doubled since it was told.
    fn doubled_by(&mut self, more: usize) -> bool {
        let before = self.0.checked_ilog2();
        self.0 = self.0.saturating_add(more);
        more > 0 && self.0.checked_ilog2() != before
    }
}

fn silence(limit: Duration) -> SocketError {
    SocketError::Io(std::io::Error::other(format!("nothing heard for {} s", limit.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_for_ever_is_told_ever_more_seldom() {
        let mut tally = Tally::default();
        let told = (0..1_000).filter(|_| tally.doubled_by(1)).count();
        assert_eq!((told, tally.0), (10, 1_000));
        assert!(!tally.doubled_by(0));
    }
}
