//! Do the booked trades add up to what the broker says was traded? A difference that stays lets nothing new leave; it is
//! never traded away from here.
//!
//! It is not written down: each life finds it out anew, with its first reading and before the gate opens. A difference in
//! that reading may be the one of before, so nothing new leaves until it was looked at again.

use super::{Core, Turn};
use crate::book::Reading;
use crate::effect::Gravity;
use market::{Product, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many readings in a row must show a difference.
const MISMATCHES_MIN: u32 = 2;
/// How soon a first difference is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The broker's day turns when sessions end, in seconds of the IST day: until then its lists are those of the day before.
const DAY_TURNS_S: i64 = 6 * 3600;

/// How the comparison stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct PositionCheck {
    /// True once this life has compared: what the life before knew of differences is forgotten.
    is_compared: bool,
    /// Readings in a row that showed a difference.
    mismatches: u32,
    /// True once a difference was seen that often that a person was told.
    is_told: bool,
    /// When the newest trade was booked.
    booked: Option<Duration>,
    /// Why nothing new may leave, while there is a difference.
    pub(crate) reducing: Option<String>,
    /// When the next comparison is wanted.
    pub(crate) due: Duration,
}

impl PositionCheck {
    pub(crate) fn booked(&mut self, now: Duration) {
        self.booked = Some(now);
    }
}

impl Core {
    /// Compares what was traded today by the broker's positions with what is booked.
    pub(super) fn compare_positions(&mut self, turn: &mut Turn<'_>, reading: &Reading) {
        let Some(positions) = &reading.positions else { return };
        let (now, began) = (turn.now.since_boot, reading.began.since_boot);
        self.soft.positions.due = now + self.settings.positions_every;
        let all_read = positions.is_whole() && reading.trades.is_whole();
        let live = turn.facts.line().is_live_under(reading.session);
        if !all_read || !live || !same_day(reading.began.wall, turn.now.wall) {
            return;
        }
        let mut theirs: BTreeMap<(Symbol, Product), (i64, i64)> = BTreeMap::new();
        for position in &positions.rows {
            let (bought, sold) = theirs.entry((position.symbol.clone(), position.product)).or_default();
            *bought = bought.saturating_add(position.bought);
            *sold = sold.saturating_add(position.sold);
        }
        let is_first = !std::mem::replace(&mut self.soft.positions.is_compared, true);
        let Some(difference) = difference(&self.trades.day_units(turn.today()), &theirs) else {
            return self.positions_match(turn);
        };
        if is_first {
            self.reduce_until_looked_again(turn, &difference);
        }
        if self.soft.positions.booked.is_some_and(|booked| booked >= began) {
            // The lists of one reading are not of one instant: what was traded in between shows in one of them.
            self.soft.positions.mismatches = 0;
            self.soft.positions.due = now + LOOK_AGAIN;
            return;
        }
        self.soft.positions.mismatches = self.soft.positions.mismatches.saturating_add(1);
        if self.soft.positions.mismatches < MISMATCHES_MIN {
            self.soft.positions.due = now + LOOK_AGAIN;
            return;
        }
        if !self.soft.positions.is_told || self.soft.positions.reducing.as_ref() != Some(&difference) {
            let text = format!("{difference}. Only exits and withdrawals leave until they agree again");
            turn.say(Gravity::Error, None, text);
        }
        self.soft.positions.is_told = true;
        self.soft.positions.reducing = Some(difference);
    }

    /// The gate opens with this very reading: what it shows counts before a second one has shown it too.
    fn reduce_until_looked_again(&mut self, turn: &mut Turn<'_>, difference: &str) {
        let text = format!(
            "{difference}, by the first comparison since the host started. Only exits and withdrawals leave until it was \
             looked at again"
        );
        turn.say(Gravity::Warn, None, text);
        self.soft.positions.reducing = Some(difference.to_owned());
    }

    fn positions_match(&mut self, turn: &mut Turn<'_>) {
        (self.soft.positions.mismatches, self.soft.positions.is_told) = (0, false);
        if self.soft.positions.reducing.take().is_some() {
            let text = "the broker's positions and the booked trades agree again: trading goes on";
            turn.say(Gravity::Warn, None, text);
        }
    }

    /// True when there is something to compare.
    pub(super) fn wants_positions(&self, now: Duration) -> bool {
        let due = self.soft.positions.due <= now;
        due && (self.orders.standing().next().is_some() || self.may_change_unheard())
    }

    /// True while the broker's book may come to tell something of today although nothing stands here: an order that it
    /// shows only after the proof of its absence, trades, and the end of a difference.
    pub(super) fn may_change_unheard(&self) -> bool {
        let check = &self.soft.positions;
        let differs = check.mismatches > 0 || check.reducing.is_some();
        differs || !self.soft.absent.is_empty() || self.trades.has_of(self.soft.today)
    }
}

/// True when both lists are of the day that it is.
fn same_day(began: Timestamp, now: Timestamp) -> bool {
    let turned = began.micros_since(began.date().midnight()) >= DAY_TURNS_S * 1_000_000;
    began.date() == now.date() && turned
}

/// The first instrument that was traded otherwise by the broker's word than by the booked trades. Units that changed the
/// product they are held as are no difference.
fn difference(
    booked: &BTreeMap<(Symbol, Product), (i64, i64)>,
    theirs: &BTreeMap<(Symbol, Product), (i64, i64)>,
) -> Option<String> {
    let keys: BTreeSet<&(Symbol, Product)> = booked.keys().chain(theirs.keys()).collect();
    let of = |map: &BTreeMap<_, _>, key: &(Symbol, Product)| map.get(key).copied().unwrap_or((0, 0));
    let differing = keys
        .into_iter()
        .find(|key| of(booked, key) != of(theirs, key) && !is_converted(booked, theirs, key))?;
    let ((bought, sold), (their_bought, their_sold)) = (of(booked, differing), of(theirs, differing));
    let (symbol, product) = differing;
    Some(format!(
        "{symbol} ({product}): the broker says {their_bought} bought and {their_sold} sold today, the booked trades say \
         {bought} and {sold}"
    ))
}

/// True when the instrument's units add up over all products.
fn is_converted(
    booked: &BTreeMap<(Symbol, Product), (i64, i64)>,
    theirs: &BTreeMap<(Symbol, Product), (i64, i64)>,
    key: &(Symbol, Product),
) -> bool {
    let net = |map: &BTreeMap<(Symbol, Product), (i64, i64)>| -> i64 {
        let of_symbol = map.iter().filter(|((symbol, _), _)| *symbol == key.0);
        of_symbol.fold(0, |net, (_, (bought, sold))| net.saturating_add(bought.saturating_sub(*sold)))
    };
    let products: BTreeSet<Product> = booked
        .keys()
        .chain(theirs.keys())
        .filter(|(symbol, _)| *symbol == key.0)
        .map(|(_, product)| *product)
        .collect();
    products.len() > 1 && net(booked) == net(theirs)
}
