//! Ticks and bars as differences to the last of the same instrument: a run hears thousands for every other event.
//!
//! Writer and reader keep the same state, so what is written behind a piece reads on from it. Differences wrap, so every
//! value comes back exactly.

use super::bytes::{Bytes, Malformed, malformed, put_number, put_signed};
use super::wire::Wire;
use market::{Candle, Depth, DepthLevel, Interval, Price, Tick, Timestamp};
use std::collections::HashMap;

/// Instruments that one journal may name: more than any run hears.
const INSTRUMENTS_MAX: usize = 100_000;

const SECOND: i64 = 1_000_000;
/// Units in a paisa. Nearly every price is a whole number of them.
const PAISA: i64 = 100;
/// Prices further out are counted in units: their differences wrap, and would be no whole paise any more.
const PAISE_UNITS_MAX: u64 = 1 << 60;

const SECONDS: u16 = 1 << 0;
const MICROS: u16 = 1 << 1;
const LAST_PRICE: u16 = 1 << 2;
const LAST_QUANTITY: u16 = 1 << 3;
const AVERAGE: u16 = 1 << 4;
const VOLUME: u16 = 1 << 5;
const BUY: u16 = 1 << 6;
const SELL: u16 = 1 << 7;
const OPEN: u16 = 1 << 8;
const HIGH: u16 = 1 << 9;
const LOW: u16 = 1 << 10;
const CLOSE: u16 = 1 << 11;
const OI: u16 = 1 << 12;
/// The depth comes or goes.
const DEPTH_TURNS: u16 = 1 << 13;
/// Some level of it changes.
const LEVELS: u16 = 1 << 14;
/// Prices are counted in paise.
const PAISE: u16 = 1 << 15;

/// The last of each instrument.
#[derive(Debug, Clone, Default)]
pub(super) struct Market {
    places: HashMap<u32, usize>,
    last: Vec<Last>,
}

#[derive(Debug, Clone)]
struct Last {
    tick: Tick,
    candle: Candle,
}

impl Last {
    fn of(token: u32) -> Self {
        let zero = Price::ZERO;
        let candle = Candle {
            token,
            interval: Interval::Minute,
            start: Timestamp::EPOCH,
            open: zero,
            high: zero,
            low: zero,
            close: zero,
            volume: 0,
            oi: 0,
        };
        Self { tick: Tick::at(token, Timestamp::EPOCH, zero), candle }
    }
}

impl Market {
    pub(super) fn put_tick(&mut self, out: &mut Vec<u8>, tick: &Tick) {
        let place = self.put_place(out, tick.token);
        let last = &mut self.last[place].tick;
        let mask_at = out.len();
        out.extend_from_slice(&[0, 0]);
        let unit = if is_in_paise(tick) && is_in_paise(last) { PAISA } else { 1 };
        let mut mask = if unit == PAISA { PAISE } else { 0 };
        let since = tick.time.micros().wrapping_sub(last.time.micros());
        if since != 0 {
            let (bit, unit) = if since % SECOND == 0 { (SECONDS, SECOND) } else { (MICROS, 1) };
            mask |= bit;
            put_signed(out, since / unit);
        }
        for (bit, now, before) in prices(tick).into_iter().zip(prices(last)).map(|((b, n), (_, o))| (b, n, o))
        {
            let change = now.units().wrapping_sub(before.units());
            if change != 0 {
                mask |= bit;
                put_signed(out, change / unit);
            }
        }
        for ((bit, now), (_, before)) in counts(tick).into_iter().zip(counts(last)) {
            if now != before {
                mask |= bit;
                put_signed(out, now.wrapping_sub(before) as i64);
            }
        }
        if tick.depth.is_some() != last.depth.is_some() {
            mask |= DEPTH_TURNS;
        }
        if let Some(depth) = &tick.depth {
            let before = last.depth.unwrap_or_default();
            if *depth != before {
                mask |= LEVELS;
                put_depth(out, depth, &before, unit);
            }
        }
        out[mask_at..mask_at + 2].copy_from_slice(&mask.to_le_bytes());
        *last = *tick;
    }

    pub(super) fn take_tick(&mut self, from: &mut Bytes<'_>) -> Result<Tick, Malformed> {
        let place = self.take_place(from)?;
        let last = &mut self.last[place].tick;
        let mask = u16::from_le_bytes([from.byte()?, from.byte()?]);
        let unit = if mask & PAISE != 0 { PAISA } else { 1 };
        let mut tick = *last;
        if mask & (SECONDS | MICROS) != 0 {
            let unit = if mask & SECONDS != 0 { SECOND } else { 1 };
            let since = from.signed()?.wrapping_mul(unit);
            tick.time = Timestamp::from_micros(tick.time.micros().wrapping_add(since));
        }
        for (bit, price) in prices_mut(&mut tick) {
            if mask & bit != 0 {
                *price = moved(*price, from, unit)?;
            }
        }
        if mask & LAST_QUANTITY != 0 {
            tick.last_quantity = small(u64::from(tick.last_quantity), from)?;
        }
        for (bit, count) in [
            (VOLUME, &mut tick.volume),
            (BUY, &mut tick.buy_quantity),
            (SELL, &mut tick.sell_quantity),
            (OI, &mut tick.oi),
        ] {
            if mask & bit != 0 {
                *count = count.wrapping_add(from.signed()? as u64);
            }
        }
        if mask & DEPTH_TURNS != 0 {
            tick.depth = if tick.depth.is_some() { None } else { Some(Depth::default()) };
        }
        if mask & LEVELS != 0 {
            let depth =
                tick.depth.as_mut().ok_or_else(|| malformed("levels of a depth that is not there"))?;
            take_depth(from, depth, unit)?;
        }
        *last = tick;
        Ok(tick)
    }

    pub(super) fn put_candle(&mut self, out: &mut Vec<u8>, candle: &Candle) {
        let place = self.put_place(out, candle.token);
        let last = &mut self.last[place].candle;
        candle.interval.put(out);
        let since = candle.start.micros().wrapping_sub(last.start.micros());
        let in_seconds = since % SECOND == 0;
        out.push(u8::from(in_seconds));
        put_signed(out, if in_seconds { since / SECOND } else { since });
        let mut before = last.close;
        for price in [candle.open, candle.high, candle.low, candle.close] {
            put_signed(out, price.units().wrapping_sub(before.units()));
            before = candle.open;
        }
        put_number(out, candle.volume);
        put_signed(out, candle.oi.wrapping_sub(last.oi) as i64);
        *last = *candle;
    }

    pub(super) fn take_candle(&mut self, from: &mut Bytes<'_>) -> Result<Candle, Malformed> {
        let place = self.take_place(from)?;
        let last = &mut self.last[place].candle;
        let interval = Interval::take(from)?;
        let unit = match from.byte()? {
            0 => 1,
            1 => SECOND,
            _ => return Err(malformed("a bar's time has no unit")),
        };
        let since = from.signed()?.wrapping_mul(unit);
        let start = Timestamp::from_micros(last.start.micros().wrapping_add(since));
        let open = moved(last.close, from, 1)?;
        let (high, low, close) = (moved(open, from, 1)?, moved(open, from, 1)?, moved(open, from, 1)?);
        let volume = from.number()?;
        let oi = last.oi.wrapping_add(from.signed()? as u64);
        *last = Candle { token: last.token, interval, start, open, high, low, close, volume, oi };
        Ok(*last)
    }

    /// An instrument's place in the list of those named so far; a new one is named in full.
    fn put_place(&mut self, out: &mut Vec<u8>, token: u32) -> usize {
        let next = self.last.len();
        let place = *self.places.entry(token).or_insert(next);
        put_number(out, place as u64);
        if place == next {
            put_signed(out, i64::from(token));
            self.last.push(Last::of(token));
        }
        place
    }

    fn take_place(&mut self, from: &mut Bytes<'_>) -> Result<usize, Malformed> {
        let place = usize::try_from(from.number()?).unwrap_or(usize::MAX);
        if place > self.last.len() || place >= INSTRUMENTS_MAX {
            return Err(malformed("an instrument that nobody named"));
        }
        if place == self.last.len() {
            let token = small(0, from)?;
            self.places.insert(token, place);
            self.last.push(Last::of(token));
        }
        Ok(place)
    }
}

fn prices(tick: &Tick) -> [(u16, Price); 6] {
    [
        (LAST_PRICE, tick.last_price),
        (AVERAGE, tick.average_price),
        (OPEN, tick.open),
        (HIGH, tick.high),
        (LOW, tick.low),
        (CLOSE, tick.close),
    ]
}

fn prices_mut(tick: &mut Tick) -> [(u16, &mut Price); 6] {
    [
        (LAST_PRICE, &mut tick.last_price),
        (AVERAGE, &mut tick.average_price),
        (OPEN, &mut tick.open),
        (HIGH, &mut tick.high),
        (LOW, &mut tick.low),
        (CLOSE, &mut tick.close),
    ]
}

fn counts(tick: &Tick) -> [(u16, u64); 5] {
    [
        (LAST_QUANTITY, u64::from(tick.last_quantity)),
        (VOLUME, tick.volume),
        (BUY, tick.buy_quantity),
        (SELL, tick.sell_quantity),
        (OI, tick.oi),
    ]
}

fn is_in_paise(tick: &Tick) -> bool {
    let whole = |price: Price| price.units() % PAISA == 0 && price.units().unsigned_abs() < PAISE_UNITS_MAX;
    let levels = tick.depth.iter().flat_map(|depth| depth.buy.iter().chain(&depth.sell));
    prices(tick).into_iter().all(|(_, price)| whole(price))
        && levels.into_iter().all(|level| whole(level.price))
}

fn put_depth(out: &mut Vec<u8>, depth: &Depth, before: &Depth, unit: i64) {
    for (side, before) in [(&depth.buy, &before.buy), (&depth.sell, &before.sell)] {
        let mask_at = out.len();
        out.extend_from_slice(&[0, 0]);
        let mut mask = 0_u16;
        for (number, (level, before)) in side.iter().zip(before).enumerate() {
            let changes = [
                level.price.units().wrapping_sub(before.price.units()) / unit,
                i64::from(level.quantity) - i64::from(before.quantity),
                i64::from(level.orders) - i64::from(before.orders),
            ];
            for (field, change) in changes.into_iter().enumerate().filter(|(_, change)| *change != 0) {
                mask |= 1 << (number * 3 + field);
                put_signed(out, change);
            }
        }
        out[mask_at..mask_at + 2].copy_from_slice(&mask.to_le_bytes());
    }
}

fn take_depth(from: &mut Bytes<'_>, depth: &mut Depth, unit: i64) -> Result<(), Malformed> {
    for side in [&mut depth.buy, &mut depth.sell] {
        let mask = u16::from_le_bytes([from.byte()?, from.byte()?]);
        for (number, level) in side.iter_mut().enumerate() {
            let DepthLevel { price, quantity, orders } = level;
            let has = |field: usize| mask & (1 << (number * 3 + field)) != 0;
            if has(0) {
                *price = moved(*price, from, unit)?;
            }
            if has(1) {
                *quantity = small(u64::from(*quantity), from)?;
            }
            if has(2) {
                *orders = small(u64::from(*orders), from)?;
            }
        }
    }
    Ok(())
}

fn moved(price: Price, from: &mut Bytes<'_>, unit: i64) -> Result<Price, Malformed> {
    let change = from.signed()?.wrapping_mul(unit);
    Ok(Price::from_units(price.units().wrapping_add(change)))
}

/// A number moved by a difference, where it must not leave its range.
fn small<T: TryFrom<u64>>(before: u64, from: &mut Bytes<'_>) -> Result<T, Malformed> {
    let moved = before.wrapping_add(from.signed()? as u64);
    T::try_from(moved).map_err(|_| malformed("a number leaves its range"))
}
