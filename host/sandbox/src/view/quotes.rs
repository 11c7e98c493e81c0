//! The newest snapshot of each instrument.

use market::{InstrumentToken, Tick};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// An odd number without a pattern: the golden ratio in 64 bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Snapshots by token.
pub(crate) struct Quotes {
    last: HashMap<InstrumentToken, Quote, BuildHasherDefault<TokenHasher>>,
    round: u64,
}

struct Quote {
    tick: Tick,
    /// The batch it came with.
    round: u64,
}

/// Tokens come from the broker, not from the guest, so nobody can choose them to collide; spreading them is enough.
#[derive(Default)]
struct TokenHasher(u64);

impl Quotes {
    pub(crate) fn with_capacity(instruments: usize) -> Self {
        let last = HashMap::with_capacity_and_hasher(instruments, BuildHasherDefault::default());
        Self { last, round: 0 }
    }

    pub(crate) fn last(&self, token: InstrumentToken) -> Option<&Tick> {
        self.last.get(&token).map(|quote| &quote.tick)
    }

    /// A batch, oldest first. Walked from its end, so that of each instrument only the newest is copied.
    pub(crate) fn take(&mut self, ticks: &[Tick]) {
        self.round += 1;
        let round = self.round;
        for &tick in ticks.iter().rev() {
            match self.last.entry(tick.token) {
                Entry::Occupied(known) if known.get().round == round => {}
                entry => drop(entry.insert_entry(Quote { tick, round })),
            }
        }
    }
}

impl Hasher for TokenHasher {
    fn finish(&self) -> u64 {
        // The table looks at the lowest bits and the highest; multiplying mixes upwards only.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(SPREAD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Timestamp};
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    fn tick(token: InstrumentToken, price: i64) -> Tick {
        Tick::at(token, Timestamp::EPOCH, Price::from_rupees(price))
    }

    fn price(quotes: &Quotes, token: InstrumentToken) -> Option<i64> {
        quotes.last(token).map(|tick| tick.last_price.units() / 10_000)
    }

    #[test]
    fn the_last_of_a_batch_counts_and_what_the_batch_has_not_stays() {
        let mut quotes = Quotes::with_capacity(2);
        quotes.take(&[tick(1, 10), tick(2, 20), tick(1, 11)]);
        assert_eq!([1, 2, 3].map(|token| price(&quotes, token)), [Some(11), Some(20), None]);
        quotes.take(&[tick(2, 22), tick(2, 21)]);
        assert_eq!([1, 2].map(|token| price(&quotes, token)), [Some(11), Some(21)]);
    }

    #[test]
    fn tokens_of_one_segment_spread_though_their_low_bytes_are_the_same() {
        let hasher = BuildHasherDefault::<TokenHasher>::default();
        let places: HashSet<_> = (1_u32..=1_000).map(|it| hasher.hash_one(it << 8 | 1) % 4_096).collect();
        assert!(places.len() > 700, "{} places of 4096 for 1000 tokens", places.len());
    }
}
