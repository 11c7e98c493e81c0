//! What goes wrong with news of orders on its way to who should hear it: lost, doubled, or behind what follows it.
//!
//! Counts and seeded chance; knows neither tickers nor postbacks.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What is to go wrong. First the counts, in the order written here; after them the percentages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateFault {
    /// Only what this app would hear.
    #[serde(default)]
    pub(crate) api_key: Option<String>,
    /// This many are lost.
    #[serde(default)]
    pub(crate) drop: u32,
    /// Then this many come twice.
    #[serde(default)]
    pub(crate) duplicate: u32,
    /// Then this many come after the one that follows them.
    #[serde(default)]
    pub(crate) delay: u32,
    /// Of the rest, so many in a hundred are lost, until the fault is taken back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) drop_percent: u8,
    /// So many in a hundred come twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) duplicate_percent: u8,
    /// So many in a hundred come after the one that follows them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) delay_percent: u8,
    /// Decides which ones: the same seed spoils the same places of the row.
    #[serde(default, skip_serializing_if = "is_none_set")]
    pub(crate) seed: u64,
}

/// What happens to one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiling {
    /// It is lost.
    Lost,
    /// It comes twice.
    Doubled,
    /// It comes after the next one.
    Delayed,
    /// It comes.
    None,
}

/// The fault in force, and its chance.
#[derive(Debug)]
pub(crate) struct Spoiler {
    fault: UpdateFault,
    chance: ChaCha8Rng,
}

/// Where an update waits for the next one to go before it.
#[derive(Debug)]
pub(crate) struct Behind<T>(Option<T>);

impl UpdateFault {
    /// False when the percentages are more than all there is.
    pub(crate) fn is_possible(&self) -> bool {
        self.percent(3) <= 100
    }

    fn percent(&self, parts: usize) -> u32 {
        let all = [self.drop_percent, self.duplicate_percent, self.delay_percent];
        all.iter().take(parts).map(|percent| u32::from(*percent)).sum()
    }
}

impl Default for Spoiler {
    fn default() -> Self {
        Self::new(UpdateFault::default())
    }
}

impl Spoiler {
    pub(crate) fn new(fault: UpdateFault) -> Self {
        let chance = ChaCha8Rng::seed_from_u64(fault.seed);
        Self { fault, chance }
    }

    /// What of the fault still waits.
    pub(crate) const fn fault(&self) -> &UpdateFault {
        &self.fault
    }

    /// True when an app's news is concerned.
    pub(crate) fn concerns(&self, api_key: &str) -> bool {
        self.fault.api_key.as_deref().is_none_or(|key| key == api_key)
    }

    /// What happens to the next update that is concerned.
    pub(crate) fn next(&mut self) -> Spoiling {
        let fault = &mut self.fault;
        let counts = [
            (&mut fault.drop, Spoiling::Lost),
            (&mut fault.duplicate, Spoiling::Doubled),
            (&mut fault.delay, Spoiling::Delayed),
        ];
        for (left, spoiling) in counts {
            if *left > 0 {
                *left -= 1;
                return spoiling;
            }
        }
        if self.fault.percent(3) == 0 {
            return Spoiling::None;
        }
        match self.chance.next_u32() % 100 {
            drawn if drawn < self.fault.percent(1) => Spoiling::Lost,
            drawn if drawn < self.fault.percent(2) => Spoiling::Doubled,
            drawn if drawn < self.fault.percent(3) => Spoiling::Delayed,
            _ => Spoiling::None,
        }
    }
}

impl<T> Default for Behind<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Behind<T> {
    /// What goes out now that an update has come, in its order.
    pub(crate) fn pass(&mut self, item: T, spoiling: Spoiling) -> Vec<T> {
        let mut now = match spoiling {
            Spoiling::Lost => return Vec::new(),
            Spoiling::Delayed => return self.0.replace(item).into_iter().collect(),
            Spoiling::Doubled => vec![item.clone(), item],
            Spoiling::None => vec![item],
        };
        now.extend(self.0.take());
        now
    }
}

const fn is_zero(percent: &u8) -> bool {
    *percent == 0
}

const fn is_none_set(seed: &u64) -> bool {
    *seed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoilings(fault: &UpdateFault, count: usize) -> Vec<Spoiling> {
        let mut spoiler = Spoiler::new(fault.clone());
        (0..count).map(|_| spoiler.next()).collect()
    }

    #[test]
    fn counts_are_spent_first_and_in_their_order() {
        let fault = UpdateFault { drop: 1, duplicate: 2, delay: 1, ..UpdateFault::default() };
        use Spoiling::{Delayed, Doubled, Lost, None};
        assert_eq!(spoilings(&fault, 5), [Lost, Doubled, Doubled, Delayed, None]);
    }

    #[test]
    fn one_seed_spoils_the_same_places_again_and_about_as_many_as_were_asked() {
        let of = |seed| UpdateFault {
            drop_percent: 20,
            duplicate_percent: 10,
            delay_percent: 5,
            seed,
            ..UpdateFault::default()
        };
        let first = spoilings(&of(7), 1_000);
        assert_eq!(first, spoilings(&of(7), 1_000));
        assert_ne!(first, spoilings(&of(8), 1_000));
        let count = |wanted| first.iter().filter(|spoiling| **spoiling == wanted).count();
        assert!((150..250).contains(&count(Spoiling::Lost)), "{}", count(Spoiling::Lost));
        assert!((60..140).contains(&count(Spoiling::Doubled)), "{}", count(Spoiling::Doubled));
        assert!((25..80).contains(&count(Spoiling::Delayed)), "{}", count(Spoiling::Delayed));
        assert!(!UpdateFault { drop_percent: 90, ..of(1) }.is_possible());
    }

    #[test]
    fn what_is_delayed_comes_right_behind_what_follows_it() {
        let mut behind = Behind::default();
        assert!(behind.pass(1, Spoiling::Delayed).is_empty());
        assert_eq!(behind.pass(2, Spoiling::Delayed), [1]);
        assert!(behind.pass(3, Spoiling::Lost).is_empty());
        assert_eq!(behind.pass(4, Spoiling::Doubled), [4, 4, 2]);
        assert_eq!(behind.pass(5, Spoiling::None), [5]);
    }
}
