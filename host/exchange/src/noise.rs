//! Chance as a function: the same key and place give the same number, in any order of asking.
//!
//! Prices are a *function* of time rather than a running sum, so a candle of last year, today's tick and a jump
//! forward all read the same path. The keys come from a seeded ChaCha stream; the places are mixed in by a hash.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Periods of the walk's waves: 1 s, 2 s, 4 s … about 97 days.
const OCTAVES: u32 = 24;

/// Hands out independent keys.
pub(crate) struct Keys(ChaCha8Rng);

impl Keys {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// A well-mixed number for a place.
pub(crate) const fn mix(key: u64, place: u64) -> u64 {
    let mut z = key ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The place of a name.
pub(crate) fn place_of(name: &str) -> u64 {
    name.bytes().fold(0, |place, byte| mix(place, u64::from(byte)))
}

/// A number in `0.0 .. 1.0` for a place.
pub(crate) fn unit(key: u64, place: u64) -> f64 {
    (mix(key, place) >> 11) as f64 / (1u64 << 53) as f64
}

/// A number in `low ..= high` for a place.
pub(crate) fn between(key: u64, place: u64, low: u64, high: u64) -> u64 {
    low + mix(key, place) % (high - low + 1)
}

/// A mean-reverting random walk at `seconds`, with a standard deviation of about √τ over a lag of τ seconds.
///
/// A sum of smooth waves, each twice as long as the one before and √2 as high: on every scale between its shortest
/// and its longest wave it looks like Brownian motion, beyond the longest it stays where it is.
pub(crate) fn walk(key: u64, seconds: f64) -> f64 {
    let mut sum = 0.0;
    let mut period = 1.0;
    for octave in 0..OCTAVES {
        let key = mix(key, u64::from(octave) + 1);
        let place = seconds / period;
        let left = place.floor();
        let index = left as i64 as u64;
        let t = place - left;
        let blend = t * t * (3.0 - 2.0 * t);
        let (a, b) = (unit(key, index) - 0.5, unit(key, index.wrapping_add(1)) - 0.5);
        sum += (a + (b - a) * blend) * f64::sqrt(period);
        period *= 2.0;
    }
    // Uniform steps of width one have a deviation of 0.29, and the waves near τ add up to twice that at τ.
    sum * 1.4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_spreads_with_the_root_of_time() {
        for lag in [60.0, 3_600.0, 20_000.0] {
            let n = 400;
            let squares: f64 = (0..n)
                .map(|i| {
                    let at = f64::from(i) * lag * 7.3;
                    (walk(9, at + lag) - walk(9, at)).powi(2)
                })
                .sum();
            let ratio = (squares / f64::from(n)).sqrt() / f64::sqrt(lag);
            assert!((0.5..1.6).contains(&ratio), "lag {lag}: {ratio}");
        }
    }

    #[test]
    fn different_seeds_walk_differently() {
        let (mut a, mut b) = (Keys::new(1), Keys::new(2));
        assert_ne!(walk(a.next(), 1_000.0), walk(b.next(), 1_000.0));
    }
}
