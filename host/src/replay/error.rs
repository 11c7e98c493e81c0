//! Why a replay could not be made, in words that say what to do.

/// A replay that was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It took too long.
    #[error(
        "the replay took more than {limit_s} s and was ended: `bulkhead replay RUN --replay-s-max SECONDS` on the host's machine \
         gives it longer"
    )]
    TooLong {
        /// How long it may take, in seconds.
        limit_s: u64,
    },
    /// A version placed more orders than are compared.
    #[error(
        "a version placed more than {max} orders, and the comparison was ended: `bulkhead replay RUN --component FILE \
         --orders-max COUNT` on the host's machine compares more"
    )]
    TooManyOrders {
        /// How many of one version are compared.
        max: usize,
    },
    /// Nobody waits for it any more.
    #[error("the replay was ended, because nobody waits for it any more")]
    GivenUp,
    /// The run has no journal.
    #[error(
        "run {run} has no journal: it never came to its first event, or its journal was older than is kept"
    )]
    Empty {
        /// Which run.
        run: String,
    },
    /// The journal cannot be read on.
    #[error("the journal of run {run} is damaged: {why}. What stands before that is {before} events")]
    Damaged {
        /// Which run.
        run: String,
        /// Where and how.
        why: String,
        /// Events that could be read.
        before: u64,
    },
    /// The component is none, or not one of this release.
    #[error("the component cannot run: {reason}; {remedy}")]
    Component {
        /// What is wrong with it.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The run's parameters are none of the other version's.
    #[error("the recorded parameters do not fit the other version: {0}. Give it the same names, or defaults")]
    Params(String),
    /// The other version wants what was not recorded.
    #[error(
        "the other version wants {wanted}, of which nothing was recorded: the run heard {heard}. Only those can be compared"
    )]
    Instruments {
        /// What it wants.
        wanted: String,
        /// What there is.
        heard: String,
    },
    /// No order of that name.
    #[error(
        "run {run} has no order `{order}`: name it by the run's own number, our id, its tag or the broker's number. {known}"
    )]
    UnknownOrder {
        /// Which run.
        run: String,
        /// What was given.
        order: String,
        /// Which there are.
        known: String,
    },
    /// That is no place in a recording.
    #[error("`{0}` is neither an event's number nor a time: write 1200, 09:20:30 or 2026-11-23T09:20:30")]
    NoPlace(String),
    /// The machine could not be made.
    #[error("the host could not start the component: {0}")]
    Host(String),
}
