//! Which orders shall be withdrawn, and when each may be tried. Knows neither orders nor the broker; the time comes in.
//!
//! A wish stays until its order is final: a withdrawal that was not sent, or that the broker took and did not carry out,
//! is tried again. Withdrawing twice does no harm; forgetting once may cost a position.

use std::collections::BTreeMap;
use std::time::Duration;

/// How often a withdrawal may leave for one order before a person is asked to look.
pub const CANCEL_TRIES_MAX: u32 = 3;
/// Withdrawals of one account that may be on their way at once.
pub(crate) const CANCELS_AT_ONCE: usize = 10;
/// How long a withdrawal that left may take to show in the order book.
const CANCEL_SHOWS_WITHIN: Duration = Duration::from_secs(2);

/// The orders to withdraw, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes(BTreeMap<i64, Wish>);

#[derive(Debug, Clone, Copy, Default)]
struct Wish {
    /// Under this session.
    tries: u32,
    is_answered: bool,
    is_away: bool,
    /// Not before this.
    rest_until: Option<Duration>,
    /// Not before the order book was read from after this on.
    read_from: Option<Duration>,
    is_given_up: bool,
}

impl Wishes {
    /// Wants an order withdrawn. Wanted already it changes nothing, unless it was given up.
    pub(crate) fn want(&mut self, id: i64) {
        let wish = self.0.entry(id).or_default();
        if wish.is_given_up {
            *wish = Wish::default();
        }
    }

    /// The order is final.
    pub(crate) fn forget(&mut self, id: i64) {
        self.0.remove(&id);
    }

    pub(crate) fn wants(&self, id: i64) -> bool {
        self.0.contains_key(&id)
    }

    /// True when it is wanted and was not given up.
    pub(crate) fn is_pursued(&self, id: i64) -> bool {
        self.0.get(&id).is_some_and(|wish| !wish.is_given_up)
    }

    /// True when nobody waits for the broker's first answer to its withdrawal.
    pub(crate) fn is_answered(&self, id: i64) -> bool {
        self.0.get(&id).is_none_or(|wish| wish.is_answered)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A new session: tries under the one before count no more, and what was given up may be tried again.
    pub(crate) fn renew(&mut self) {
        self.0.values_mut().filter(|wish| wish.is_given_up).for_each(|wish| *wish = Wish::default());
        self.0.values_mut().for_each(|wish| wish.tries = 0);
    }

    /// How many are on their way.
    pub(crate) fn away(&self) -> usize {
        self.0.values().filter(|wish| wish.is_away).count()
    }

    /// What may be tried now. `read_from` is when the newest whole reading of the order book began.
    pub(crate) fn due(&self, now: Duration, read_from: Option<Duration>) -> Vec<i64> {
        let due = self.0.iter().filter(|(_, wish)| wish.tries < CANCEL_TRIES_MAX);
        due.filter(|(_, wish)| wish.is_due(now, read_from)).map(|(id, _)| *id).collect()
    }

    /// When the next one may be tried, as far as time alone decides: the first such instant after `now`.
    pub(crate) fn next_due(&self, now: Duration) -> Option<Duration> {
        let waiting = self.0.values().filter(|wish| !wish.is_away && !wish.is_given_up);
        waiting.filter_map(|wish| wish.rest_until).filter(|until| *until > now).min()
    }

    /// What was tried often enough and still stands; said once.
    pub(crate) fn give_up(&mut self, now: Duration, read_from: Option<Duration>) -> Vec<i64> {
        let spent = self.0.iter_mut().filter(|(_, wish)| wish.tries >= CANCEL_TRIES_MAX && !wish.is_given_up);
        let spent = spent.filter(|(_, wish)| wish.is_due(now, read_from));
        spent
            .map(|(id, wish)| {
                wish.is_given_up = true;
                *id
            })
            .collect()
    }

    /// It is on its way.
    pub(crate) fn leaves(&mut self, id: i64) {
        self.change(id, |wish| wish.is_away = true);
    }

    /// It never left: to be tried again without a look at the book.
    pub(crate) fn stayed(&mut self, id: i64, rest_until: Duration) {
        self.change(id, |wish| {
            wish.is_away = false;
            wish.rest_until = Some(rest_until);
        });
    }

    /// It left, whatever came back: whether it took effect shows in the book.
    pub(crate) fn left(&mut self, id: i64, now: Duration) {
        self.change(id, |wish| {
            wish.is_away = false;
            wish.tries += 1;
            wish.is_answered = true;
            wish.rest_until = Some(now + CANCEL_SHOWS_WITHIN);
            wish.read_from = Some(now + CANCEL_SHOWS_WITHIN);
        });
    }

    fn change(&mut self, id: i64, change: impl FnOnce(&mut Wish)) {
        if let Some(wish) = self.0.get_mut(&id) {
            change(wish);
        }
    }
}

impl Wish {
    fn is_due(&self, now: Duration, read_from: Option<Duration>) -> bool {
        let rested = self.rest_until.is_none_or(|until| until <= now);
        let was_read = self.read_from.is_none_or(|wanted| read_from.is_some_and(|began| began >= wanted));
        !self.is_away && rested && was_read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_never_left_is_tried_again_as_often_as_it_takes() {
        let (mut wishes, start) = (Wishes::default(), Duration::from_secs(1_000));
        wishes.want(7);
        for second in 0..100 {
            let now = start + SECOND * second;
            assert_eq!(wishes.due(now, None), [7]);
            assert!(!wishes.is_answered(7));
            wishes.leaves(7);
            assert!(wishes.due(now, None).is_empty(), "one at a time");
            wishes.stayed(7, now + SECOND);
            assert!(wishes.due(now, None).is_empty(), "it rests");
        }
        assert!(wishes.give_up(start + SECOND * 200, None).is_empty());
        wishes.forget(7);
        assert!(wishes.is_empty() && !wishes.wants(7));
    }

    #[test]
    fn what_left_is_tried_again_only_after_a_reading_and_only_so_often() {
        let (mut wishes, start) = (Wishes::default(), Duration::from_secs(1_000));
        wishes.want(7);
        for try_number in 0..CANCEL_TRIES_MAX {
            let now = start + SECOND * 10 * try_number;
            assert_eq!(wishes.due(now, Some(now)), [7], "try {try_number}");
            wishes.leaves(7);
            wishes.left(7, now);
            assert!(wishes.is_answered(7));
            wishes.want(7);
            assert!(wishes.due(now + SECOND * 9, Some(now)).is_empty(), "no reading since");
        }
        let later = start + SECOND * 100;
        assert!(wishes.due(later, Some(later)).is_empty());
        assert_eq!(wishes.give_up(later, Some(later)), [7]);
        assert!(wishes.give_up(later, Some(later)).is_empty(), "said once");
        assert!(wishes.wants(7), "it is still wanted");
        wishes.want(7);
        assert_eq!(wishes.due(later, Some(later)), [7], "asked for again");
    }

    #[test]
    fn a_new_session_tries_again_what_was_given_up() {
        let (mut wishes, start) = (Wishes::default(), Duration::from_secs(1_000));
        wishes.want(7);
        (0..CANCEL_TRIES_MAX).for_each(|_| wishes.left(7, start));
        let later = start + SECOND * 10;
        assert_eq!(wishes.give_up(later, Some(later)), [7]);
        wishes.renew();
        assert_eq!(wishes.due(later, None), [7]);
    }

    #[test]
    fn tries_under_the_session_before_do_not_count_against_the_new_one() {
        let (mut wishes, start) = (Wishes::default(), Duration::from_secs(1_000));
        wishes.want(7);
        (1..CANCEL_TRIES_MAX).for_each(|_| wishes.left(7, start));
        wishes.leaves(7);
        wishes.renew();
        wishes.left(7, start);
        let later = start + SECOND * 10;
        assert!(wishes.is_answered(7) && wishes.give_up(later, Some(later)).is_empty());
        assert_eq!(wishes.due(later, Some(later)), [7]);
    }
}
