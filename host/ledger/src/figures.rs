//! What a set of round trips says about a run. Every formula stands at its figure; what is undefined is `None`.

use crate::book::{Book, RoundTrip};
use market::Money;
use serde::{Deserialize, Serialize};

/// Statistics over round trips, before charges. Round trips that brought exactly nothing are neither wins nor losses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Fills.
    pub fills: usize,
    /// Distinct orders behind the fills.
    pub orders: usize,
    /// Positions closed or turned over.
    pub round_trips: usize,
    /// Those that brought more than nothing.
    pub wins: usize,
    /// Those that brought less than nothing.
    pub losses: usize,
    /// Sum of the wins.
    pub gross_profit: Money,
    /// Sum of the losses, as a positive amount.
    pub gross_loss: Money,
    /// wins ÷ (wins + losses). `None` without either.
    pub win_rate: Option<f64>,
    /// gross profit ÷ gross loss. `None` without a loss.
    pub profit_factor: Option<f64>,
    /// gross profit ÷ wins. `None` without a win.
    pub average_win: Option<Money>,
    /// gross loss ÷ losses, as a positive amount. `None` without a loss.
    pub average_loss: Option<Money>,
    /// (gross profit − gross loss) ÷ round trips. `None` without a round trip.
    pub expectancy: Option<Money>,
    /// The best round trip that was a win.
    pub largest_win: Option<Money>,
    /// The worst round trip that was a loss, as a positive amount.
    pub largest_loss: Option<Money>,
}

impl Figures {
    /// The figures of a book.
    pub fn of(book: &Book) -> Self {
        Self { fills: book.fills(), orders: book.orders(), ..Self::of_trips(&book.round_trips()) }
    }

    /// The figures of some round trips; fills and orders are not known from them and stay zero.
    pub fn of_trips(trips: &[RoundTrip]) -> Self {
        let won: Vec<Money> = trips.iter().map(|trip| trip.realised).filter(|m| *m > Money::ZERO).collect();
        let lost: Vec<Money> = trips.iter().map(|trip| -trip.realised).filter(|m| *m > Money::ZERO).collect();
        let gross_profit: Money = won.iter().copied().sum();
        let gross_loss: Money = lost.iter().copied().sum();
        let decided = won.len() + lost.len();
        Self {
            round_trips: trips.len(),
            wins: won.len(),
            losses: lost.len(),
            gross_profit,
            gross_loss,
            win_rate: (decided > 0).then(|| won.len() as f64 / decided as f64),
            profit_factor: (!lost.is_empty()).then(|| gross_profit.to_wire() / gross_loss.to_wire()),
            average_win: share(gross_profit, won.len()),
            average_loss: share(gross_loss, lost.len()),
            expectancy: share(gross_profit - gross_loss, trips.len()),
            largest_win: won.into_iter().max(),
            largest_loss: lost.into_iter().max(),
            ..Self::default()
        }
    }
}

fn share(amount: Money, of: usize) -> Option<Money> {
    let of = i64::try_from(of).ok().filter(|of| *of > 0)?;
    Some(amount.scaled(1, of).round_to_paise())
}
