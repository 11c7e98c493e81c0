//! How many ticker packets a second are encoded, in each mode, beside a copy of as many bytes.
#![forbid(unsafe_code)]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use exchange::{Exchange, Quote, Setup};
use kite_sim::{Mode, packet};
use market::{Calendar, Timestamp, TradingDate};

/// Packets in one round.
const PACKETS: usize = 1_000;
const MODES: [Mode; 3] = [Mode::Ltp, Mode::Quote, Mode::Full];

fn main() {
    divan::main();
}

/// Quotes of shares, of a market that has traded for a while.
fn quotes() -> Vec<Quote> {
    let now = TradingDate::new(2026, 11, 23).map_or(Timestamp::EPOCH, |date| date.at_seconds(36_000));
    let mut exchange =
        Exchange::new(Setup { seed: 1, now, calendar: Calendar::always_open(), accounts: Vec::new() });
    exchange.advance(now.plus_seconds(10));
    let found = exchange.listings().filter_map(|listing| exchange.quote(listing.instrument.token));
    let shares: Vec<_> = found.filter(|quote| quote.tick.depth.is_some()).collect();
    shares.iter().cycle().take(PACKETS).copied().collect()
}

#[divan::bench(args = MODES)]
fn packets_encoded(bencher: Bencher, mode: Mode) {
    let quotes = quotes();
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        quotes.iter().map(|quote| black_box(packet(black_box(quote), mode)).len()).sum::<usize>()
    });
}

/// The baseline: packets that are there already are copied, each into a buffer of its own.
#[divan::bench(args = MODES)]
fn baseline_bytes_copied(bencher: Bencher, mode: Mode) {
    let ready: Vec<Vec<u8>> = quotes().iter().map(|quote| packet(quote, mode)).collect();
    let bytes: usize = ready.iter().map(Vec::len).sum();
    bencher
        .counter(ItemsCount::new(PACKETS))
        .counter(BytesCount::new(bytes))
        .bench_local(|| ready.iter().map(|packet| black_box(black_box(packet).clone()).len()).sum::<usize>());
}
