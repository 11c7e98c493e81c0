//! What a ticker must send: every tick of an exchange of the same seed, with its time and its bytes.
//!
//! Knows no socket.

use super::server::{SEED, calendar, start};
use exchange::{Exchange, Quote, Setup};
use kite_sim::{Mode, packet};
use market::Timestamp;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Short enough that no instrument ticks twice within it, in microseconds.
const STEP_MICROS: i64 = 50_000;

/// The instruments that are listened to.
pub(crate) struct Truth {
    tokens: Vec<u32>,
}

/// One packet that must come.
pub(crate) struct Due {
    pub(crate) token: u32,
    pub(crate) time: Timestamp,
    pub(crate) hash: u64,
}

impl Truth {
    /// The first instruments with depth.
    pub(crate) fn begin(instruments: usize) -> Self {
        let exchange = fresh();
        let has_depth = |quote: &Quote| quote.tick.depth.is_some();
        let quotes = exchange.listings().filter_map(|listing| exchange.quote(listing.instrument.token));
        let tokens: Vec<u32> =
            quotes.filter(has_depth).map(|quote| quote.tick.token).take(instruments).collect();
        assert_eq!(tokens.len(), instruments, "the exchange lists too few instruments");
        Self { tokens }
    }

    pub(crate) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Every packet between two times of the exchange.
    pub(crate) fn due(&self, from: Timestamp, until: Timestamp) -> Vec<Due> {
        let wanted: BTreeSet<u32> = self.tokens.iter().copied().collect();
        let mut exchange = fresh();
        let mut due = Vec::new();
        while exchange.now() < until {
            let ticks = exchange.advance(exchange.now().plus_micros(STEP_MICROS));
            for event in ticks {
                let exchange::Event::Tick(tick) = event else { continue };
                if !wanted.contains(&tick.token) || tick.time < from || tick.time >= until {
                    continue;
                }
                let quote = exchange.quote(tick.token).unwrap();
                due.push(Due { token: tick.token, time: tick.time, hash: hash(&packet(&quote, Mode::Full)) });
            }
        }
        due
    }
}

/// Stands for a packet's bytes.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn fresh() -> Exchange {
    Exchange::new(Setup { seed: SEED, now: start(), calendar: calendar(), accounts: Vec::new() })
}
