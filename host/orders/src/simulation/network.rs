//! The way between us and the broker: what a call and its answer go through. Knows neither side.

use super::dice::Dice;
use super::fault::{Fault, Faults};

/// How long our client waits for an answer, in microseconds.
pub(super) const PATIENCE_MICROS: i64 = 7_000_000;

/// What one call goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// Microseconds until the broker has it; never where it is lost.
    pub(super) arrives_in: Option<i64>,
    /// What comes of the answer.
    pub(super) answer: AnswerWay,
}

/// What one answer goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerWay {
    /// As the broker gave it, so many microseconds later, and perhaps once more.
    Honest { in_micros: i64, twice: bool },
    /// Nothing until our patience ends.
    Silence,
    /// A gateway or a broken body instead.
    Instead(Noise),
    /// The connection was never made, and we know it.
    NeverLeft,
}

/// Answers that prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    ServerError,
    TooMany,
    Forbidden,
    Garbage,
}

impl Way {
    /// True when we shall know what came of the call.
    pub(super) fn is_clear(self) -> bool {
        match (self.arrives_in, self.answer) {
            (Some(there), AnswerWay::Honest { in_micros, .. }) => there + in_micros < PATIENCE_MICROS,
            (_, AnswerWay::NeverLeft) => true,
            (_, AnswerWay::Honest { .. } | AnswerWay::Silence | AnswerWay::Instead(_)) => false,
        }
    }
}

/// Draws the way of one call. `is_down`: the broker cannot be reached at all.
pub(super) fn draw(faults: Faults, is_down: bool, dice: &mut Dice) -> Way {
    let quick = dice.between(500, 60_000);
    let back = dice.between(500, 60_000);
    if faults.strikes(Fault::NotSent, dice) || (is_down && dice.chance(700)) {
        return Way { arrives_in: None, answer: AnswerWay::NeverLeft };
    }
    if is_down || faults.strikes(Fault::RequestLost, dice) {
        return Way { arrives_in: None, answer: AnswerWay::Silence };
    }
    if faults.strikes(Fault::RequestLate, dice) {
        let late = dice.between(1, 30) * 1_000_000;
        return Way { arrives_in: Some(late), answer: AnswerWay::Honest { in_micros: back, twice: false } };
    }
    let noise = [
        (Fault::ServerError, Noise::ServerError),
        (Fault::TooMany, Noise::TooMany),
        (Fault::Forbidden, Noise::Forbidden),
        (Fault::Garbage, Noise::Garbage),
    ];
    if let Some((_, noise)) = noise.into_iter().find(|(fault, _)| faults.strikes(*fault, dice)) {
        // The gateway may sit before or behind the order system.
        let arrives_in = dice.chance(500).then_some(quick);
        return Way { arrives_in, answer: AnswerWay::Instead(noise) };
    }
    if faults.strikes(Fault::AnswerLost, dice) {
        return Way { arrives_in: Some(quick), answer: AnswerWay::Silence };
    }
    let late = faults.strikes(Fault::AnswerLate, dice);
    let in_micros = if late { dice.between(1, 12) * 1_000_000 } else { back };
    let twice = faults.strikes(Fault::AnswerTwice, dice);
    Way { arrives_in: Some(quick), answer: AnswerWay::Honest { in_micros, twice } }
}

#[test]
fn a_network_without_faults_brings_every_call_and_every_answer_within_our_patience() {
    let mut dice = Dice::of(1);
    for _ in 0..1_000 {
        let way = draw(Faults::NONE, false, &mut dice);
        let AnswerWay::Honest { in_micros, twice: false } = way.answer else { panic!("{way:?}") };
        assert!(way.arrives_in.is_some_and(|there| there + in_micros < PATIENCE_MICROS));
    }
}
