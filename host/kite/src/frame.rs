//! The ticker's binary messages.
//!
//! Big endian; a packet's kind is told by its length alone, its price divisor by the segment in the token's last byte.
//! Nothing a server can send makes this panic: packets that are cut short or of unknown length are skipped and counted.

use market::{Depth, DepthLevel, InstrumentToken, Price, Tick, Timestamp};

/// What one binary message held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// The ticks, in the order sent. None in a heartbeat.
    pub ticks: Vec<Tick>,
    /// Packets that could not be read.
    pub skipped: usize,
    /// Ticks whose time lay too far ahead of ours and was taken for none.
    pub odd_times: usize,
}

/// An exchange time further ahead of the time of receipt than this is no time, in seconds: it would hold back everything
/// that waits for time to pass.
const AHEAD_MAX_S: i64 = 60;

const LTP: usize = 8;
const INDEX_QUOTE: usize = 28;
const INDEX_FULL: usize = 32;
const QUOTE: usize = 44;
const FULL: usize = 184;
const DEPTH_AT: usize = 64;
const DEPTH_LEVEL: usize = 12;

/// Reads one message. A payload shorter than two bytes is a heartbeat.
pub fn decode(payload: &[u8], received: Timestamp) -> Frame {
    let mut frame = Frame::default();
    let Some((count, mut rest)) = take_u16(payload) else { return frame };
    for remaining in (1..=usize::from(count)).rev() {
        let packet = take_u16(rest).and_then(|(length, rest)| rest.split_at_checked(usize::from(length)));
        let Some((packet, after)) = packet else {
            frame.skipped += remaining;
            break;
        };
        rest = after;
        match tick(Packet(packet), received) {
            Some(tick) if tick.time > received.plus_seconds(AHEAD_MAX_S) => {
                frame.odd_times += 1;
                frame.ticks.push(Tick { time: received, ..tick });
            }
            Some(tick) => frame.ticks.push(tick),
            None => frame.skipped += 1,
        }
    }
    frame
}

/// One packet; reading past its end gives nothing.
#[derive(Clone, Copy)]
struct Packet<'a>(&'a [u8]);

fn tick(packet: Packet<'_>, received: Timestamp) -> Option<Tick> {
    let token = packet.u32(0)?;
    let last = Tick::at(token, received, packet.price(token, 4)?);
    match packet.0.len() {
        LTP => Some(last),
        INDEX_QUOTE | INDEX_FULL => index(packet, last),
        QUOTE => quote(packet, last),
        FULL => full(packet, quote(packet, last)?),
        _ => None,
    }
}

/// Indices name high and low before open.
fn index(packet: Packet<'_>, last: Tick) -> Option<Tick> {
    let price = |at: usize| packet.price(last.token, at);
    let time = packet.time(28).unwrap_or(last.time);
    Some(Tick { time, high: price(8)?, low: price(12)?, open: price(16)?, close: price(20)?, ..last })
}

fn quote(packet: Packet<'_>, last: Tick) -> Option<Tick> {
    let price = |at: usize| packet.price(last.token, at);
    Some(Tick {
        last_quantity: packet.u32(8)?,
        average_price: price(12)?,
        volume: packet.u32(16)?.into(),
        buy_quantity: packet.u32(20)?.into(),
        sell_quantity: packet.u32(24)?.into(),
        open: price(28)?,
        high: price(32)?,
        low: price(36)?,
        close: price(40)?,
        ..last
    })
}

fn full(packet: Packet<'_>, quote: Tick) -> Option<Tick> {
    let mut levels = [DepthLevel::default(); 10];
    for (index, level) in levels.iter_mut().enumerate() {
        *level = packet.level(quote.token, DEPTH_AT + index * DEPTH_LEVEL)?;
    }
    let [b0, b1, b2, b3, b4, s0, s1, s2, s3, s4] = levels;
    let depth = Some(Depth { buy: [b0, b1, b2, b3, b4], sell: [s0, s1, s2, s3, s4] });
    let time = packet.time(60).or_else(|| packet.time(44)).unwrap_or(quote.time);
    Some(Tick { time, oi: packet.u32(48)?.into(), depth, ..quote })
}

impl Packet<'_> {
    fn u32(self, at: usize) -> Option<u32> {
        self.0.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
    }

    fn u16(self, at: usize) -> Option<u16> {
        self.0.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    fn price(self, token: InstrumentToken, at: usize) -> Option<Price> {
        self.u32(at).map(|number| price(token, number))
    }

    /// Unix seconds; zero is no time.
    fn time(self, at: usize) -> Option<Timestamp> {
        self.u32(at).filter(|seconds| *seconds > 0).map(|seconds| Timestamp::from_seconds(seconds.into()))
    }

    /// Quantity stands before price.
    fn level(self, token: InstrumentToken, at: usize) -> Option<DepthLevel> {
        Some(DepthLevel {
            quantity: self.u32(at)?,
            price: self.price(token, at + 4)?,
            orders: self.u16(at + 8)?,
        })
    }
}

/// Paise for most; currency counts in 1/10 000 000 rupee on NSE, 1/10 000 on BSE and for NSE commodities.
fn price(token: InstrumentToken, number: u32) -> Price {
    let number = i64::from(number);
    match token & 0xff {
        3 => Price::from_units((number + 500) / 1_000),
        6 | 12 => Price::from_units(number),
        _ => Price::from_paise(number),
    }
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*head), rest))
}

#[cfg(test)]
mod tests;
