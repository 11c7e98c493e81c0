//! Whether a run trades at the broker or on paper.

use crate::state_words;

state_words! {
    /// Where a run's orders go.
    Mode {
        /// To the broker.
        Live = "live",
        /// To the paper exchange: filled at live prices, never sent.
        Paper = "paper",
    }
}
