//! What runs hold of one instrument, each by its own trades, beside what the account holds: runs that hold against each other
//! leave the account less than each believes. Data and words.

use market::{Product, Symbol};
use std::fmt;

/// What runs hold of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldByRuns {
    /// Of what.
    pub symbol: Symbol,
    /// How.
    pub product: Product,
    /// Which runs, oldest first.
    pub runs: Vec<RunHolding>,
}

/// What one run holds by its own trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHolding {
    /// The run.
    pub run_id: String,
    /// What its strategy is called.
    pub strategy_name: String,
    /// Negative when short.
    pub units: i64,
}

impl HeldByRuns {
    /// What all runs hold together.
    pub fn total(&self) -> i64 {
        self.runs.iter().fold(0, |total, run| total.saturating_add(run.units))
    }

    /// True where some of what runs hold cancels out: the account never has all of it.
    pub fn cancels_out(&self) -> bool {
        self.runs.iter().any(|run| run.units > 0) && self.runs.iter().any(|run| run.units < 0)
    }

    /// Whether this run is among them.
    pub fn has(&self, run_id: &str) -> bool {
        self.runs.iter().any(|run| run.run_id == run_id)
    }

    /// Why a run's part cannot be closed, where the account has this.
    pub(super) fn beside(&self, account: i64) -> String {
        let total = self.total();
        let then = if self.cancels_out() { ", which cancel out" } else { "" };
        let and = if account == total {
            format!("together {}, as the account has", signed(total))
        } else {
            format!("together {}, and the account has {}", signed(total), signed(account))
        };
        format!(
            "of {} ({}) the account has nothing to close for this run: the runs' own books do not add up to the account run by \
             run: {}{then}; {and}",
            self.symbol,
            self.product,
            self.runs_in_words()
        )
    }

    fn runs_in_words(&self) -> String {
        let runs: Vec<_> = self.runs.iter().map(ToString::to_string).collect();
        runs.join(", ")
    }
}

/// In words, without the account: what is known before anything is closed.
impl fmt::Display for HeldByRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): by the runs' own books {}, which cancel out: together {}, and no more than the account has can be closed",
            self.symbol,
            self.product,
            self.runs_in_words(),
            signed(self.total())
        )
    }
}

impl fmt::Display for RunHolding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} ({}) has {}", self.run_id, self.strategy_name, signed(self.units))
    }
}

fn signed(units: i64) -> String {
    if units > 0 { format!("+{units}") } else { units.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(units: &[i64]) -> HeldByRuns {
        let run = |(at, units): (usize, &i64)| RunHolding {
            run_id: format!("r{at}"),
            strategy_name: "s".into(),
            units: *units,
        };
        HeldByRuns {
            symbol: "NSE:INFY".parse().unwrap(),
            product: Product::Mis,
            runs: units.iter().enumerate().map(run).collect(),
        }
    }

    #[test]
    fn runs_that_cancel_out_are_named_with_what_each_has_and_what_the_account_has() {
        let both = held(&[10, -10]);
        assert!(both.cancels_out() && both.has("r1") && !both.has("r2"));
        let said = both.beside(0);
        assert!(
            said.contains(
                "run r0 (s) has +10, run r1 (s) has -10, which cancel out; together 0, as the account has"
            ),
            "{said}"
        );
        assert!(both.beside(3).contains("together 0, and the account has +3"), "{}", both.beside(3));
        let one_sided = held(&[10, 5]);
        assert!(!one_sided.cancels_out() && !one_sided.beside(0).contains("cancel out"));
    }
}
