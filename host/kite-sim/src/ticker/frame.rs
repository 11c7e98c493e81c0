//! The bytes of ticker packets (reference §14.2): big endian, kind told by length.
//!
//! Pure: a quote and a mode in, bytes out.

use axum::extract::ws::Message;
use exchange::Quote;
use market::{DepthLevel, Price, Timestamp};
use serde::{Deserialize, Serialize};

/// The one byte that says "still here".
pub(crate) const HEARTBEAT: [u8; 1] = [0];

const SEGMENT_CDS: u32 = 3;
const SEGMENT_BCD: u32 = 6;
const SEGMENT_INDICES: u32 = 9;
const SEGMENT_NCO: u32 = 12;

/// How much of an instrument a connection wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The price.
    Ltp,
    /// Price, volume and the day's range.
    Quote,
    /// All of it, with depth.
    Full,
}

/// Ways for a message to be none of a ticker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Malformed {
    /// A packet that ends before its length says.
    Short,
    /// More packets announced than there are.
    BadCount,
    /// A packet of a length that no kind has.
    UnknownLength,
    /// No byte at all.
    Empty,
    /// A text that breaks off.
    NotJson,
}

/// One packet of the binary ticker.
pub fn packet(quote: &Quote, mode: Mode) -> Vec<u8> {
    let is_index = quote.tick.token & 0xff == SEGMENT_INDICES;
    let mut bytes = Vec::with_capacity(184);
    head(&mut bytes, quote);
    match (mode, is_index) {
        (Mode::Ltp, _) => {}
        (Mode::Quote, true) => index(&mut bytes, quote),
        (Mode::Full, true) => {
            index(&mut bytes, quote);
            time(&mut bytes, Some(quote.tick.time));
        }
        (Mode::Quote, false) => day(&mut bytes, quote),
        (Mode::Full, false) => {
            day(&mut bytes, quote);
            full(&mut bytes, quote);
        }
    }
    bytes
}

/// One message of several packets.
pub(crate) fn message(packets: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let size = packets.iter().map(|packet| packet.as_ref().len() + 2).sum::<usize>() + 2;
    let mut bytes = Vec::with_capacity(size);
    short(&mut bytes, packets.len());
    for packet in packets {
        short(&mut bytes, packet.as_ref().len());
        bytes.extend_from_slice(packet.as_ref());
    }
    bytes
}

/// A message that no ticker sends.
pub(crate) fn malformed(kind: Malformed) -> Message {
    let filling = [0xAB_u8; 44];
    let bytes: Vec<u8> = match kind {
        Malformed::Short => [&[0, 1, 0, 184], filling.as_slice()].concat(),
        Malformed::BadCount => [&[0, 5, 0, 44], filling.as_slice()].concat(),
        Malformed::UnknownLength => [&[0, 1, 0, 43], &filling[..43]].concat(),
        Malformed::Empty => Vec::new(),
        Malformed::NotJson => return Message::Text("{\"type\":\"order\",\"data\":".into()),
    };
    Message::Binary(bytes.into())
}

fn head(bytes: &mut Vec<u8>, quote: &Quote) {
    word(bytes, u64::from(quote.tick.token));
    price(bytes, quote, quote.tick.last_price);
}

fn index(bytes: &mut Vec<u8>, quote: &Quote) {
    let tick = &quote.tick;
    for value in [tick.high, tick.low, tick.open, tick.close] {
        price(bytes, quote, value);
    }
    let change = scaled(quote.tick.token, tick.last_price - tick.close);
    // Clients work the change out themselves; a fall travels as two's complement.
    bytes.extend_from_slice(&(change as i32).to_be_bytes());
}

fn day(bytes: &mut Vec<u8>, quote: &Quote) {
    let tick = &quote.tick;
    word(bytes, u64::from(tick.last_quantity));
    price(bytes, quote, tick.average_price);
    for value in [tick.volume, tick.buy_quantity, tick.sell_quantity] {
        word(bytes, value);
    }
    for value in [tick.open, tick.high, tick.low, tick.close] {
        price(bytes, quote, value);
    }
}

fn full(bytes: &mut Vec<u8>, quote: &Quote) {
    let tick = &quote.tick;
    time(bytes, quote.last_trade_time);
    for value in [tick.oi, quote.oi_day_high, quote.oi_day_low] {
        word(bytes, value);
    }
    time(bytes, Some(tick.time));
    let depth = tick.depth.unwrap_or_default();
    for level in depth.buy.iter().chain(&depth.sell) {
        entry(bytes, quote, level);
    }
}

fn entry(bytes: &mut Vec<u8>, quote: &Quote, level: &DepthLevel) {
    word(bytes, u64::from(level.quantity));
    price(bytes, quote, level.price);
    bytes.extend_from_slice(&level.orders.to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
}

fn price(bytes: &mut Vec<u8>, quote: &Quote, price: Price) {
    word(bytes, u64::try_from(scaled(quote.tick.token, price)).unwrap_or(0));
}

/// A price in the segment's units, rounded: prices are kept in 1/10 000 rupee.
fn scaled(token: u32, price: Price) -> i64 {
    match token & 0xff {
        SEGMENT_CDS => price.units().saturating_mul(1_000),
        SEGMENT_BCD | SEGMENT_NCO => price.units(),
        _ => price.round_to(Price::from_paise(1)).units() / 100,
    }
}

fn time(bytes: &mut Vec<u8>, time: Option<Timestamp>) {
    word(bytes, time.map_or(0, |time| u64::try_from(time.seconds()).unwrap_or(0)));
}

/// Four bytes; what does not fit stops at the top instead of wrapping.
fn word(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes());
}

fn short(bytes: &mut Vec<u8>, value: usize) {
    bytes.extend_from_slice(&u16::try_from(value).unwrap_or(u16::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Depth, Tick};

    const EQUITY: u32 = 408_065;
    const INDEX: u32 = 256_265;

    fn quote(token: u32) -> Quote {
        let seconds = Timestamp::from_seconds(1_600_000_000);
        let paise = Price::from_paise;
        let mut depth = Depth::default();
        depth.buy[0] = DepthLevel { price: paise(141_290), quantity: 7, orders: 3 };
        depth.sell[4] = DepthLevel { price: paise(141_320), quantity: 9, orders: 258 };
        let tick = Tick {
            last_quantity: 5,
            average_price: paise(141_247),
            volume: 7_360_198,
            buy_quantity: 11,
            sell_quantity: 5_191,
            open: paise(139_600),
            high: paise(142_175),
            low: paise(139_555),
            close: paise(138_965),
            oi: 21,
            depth: Some(depth),
            ..Tick::at(token, seconds.plus_seconds(2), paise(141_295))
        };
        Quote {
            tick,
            last_trade_time: Some(seconds),
            lower_circuit_limit: paise(125_070),
            upper_circuit_limit: paise(152_860),
            oi_day_high: 22,
            oi_day_low: 20,
        }
    }

    fn words(bytes: &[u8]) -> Vec<u32> {
        bytes.chunks(4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).collect()
    }

    #[test]
    fn an_equity_packet_has_8_44_or_184_bytes() {
        let lengths = [Mode::Ltp, Mode::Quote, Mode::Full].map(|mode| packet(&quote(EQUITY), mode).len());
        assert_eq!(lengths, [8, 44, 184]);
    }

    #[test]
    fn trap_15_index_packets_have_28_or_32_bytes_in_the_order_high_low_open_close() {
        let full = packet(&quote(INDEX), Mode::Full);
        assert_eq!(packet(&quote(INDEX), Mode::Ltp).len(), 8);
        assert_eq!(packet(&quote(INDEX), Mode::Quote), full[..28]);
        let expected = [INDEX, 141_295, 142_175, 139_555, 139_600, 138_965, 2_330, 1_600_000_002];
        assert_eq!(words(&full), expected);
    }

    #[test]
    fn the_fields_of_a_quote_stand_where_kite_puts_them() {
        let expected =
            [EQUITY, 141_295, 5, 141_247, 7_360_198, 11, 5_191, 139_600, 142_175, 139_555, 138_965];
        assert_eq!(words(&packet(&quote(EQUITY), Mode::Quote)), expected);
    }

    #[test]
    fn trap_17_depth_has_ten_entries_of_quantity_price_orders_and_two_bytes_of_padding() {
        let full = packet(&quote(EQUITY), Mode::Full);
        assert_eq!(words(&full[44..64]), [1_600_000_000, 21, 22, 20, 1_600_000_002]);
        assert_eq!(full[64..76], [0, 0, 0, 7, 0, 2, 0x27, 0xea, 0, 3, 0, 0]);
        assert_eq!(full[76..172], [0; 96]);
        assert_eq!(full[172..184], [0, 0, 0, 9, 0, 2, 0x28, 0x08, 1, 2, 0, 0]);
    }

    #[test]
    fn trap_16_divisors_follow_the_segment_and_prices_are_rounded() {
        let price = Price::from_units(832_525);
        assert_eq!(scaled(3, price), 832_525_000);
        assert_eq!(scaled(6, price), 832_525);
        assert_eq!(scaled(12, price), 832_525);
        assert_eq!(scaled(1, price), 8_325);
        assert_eq!(scaled(1, Price::from_wire(1412.95).unwrap()), 141_295);
    }

    #[test]
    fn a_message_counts_its_packets_and_their_lengths() {
        let bytes = message(&[vec![1; 8], vec![2; 28]]);
        assert_eq!(bytes[..4], [0, 2, 0, 8]);
        assert_eq!(bytes[12..14], [0, 28]);
        assert_eq!(bytes.len(), 42);
    }
}
