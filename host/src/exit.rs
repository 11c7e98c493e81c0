//! A failure with the exit code it ends in. What each code means stands in `--help`.
//!
//! Knows no verb and no cause.

/// It failed; standard error says why.
pub(crate) const EXIT_FAILED: u8 = 1;
/// `check` said no.
pub(crate) const EXIT_REFUSED: u8 = 3;
/// A port is taken.
pub(crate) const EXIT_ADDRESS: u8 = 4;
/// The data folder or its key.
pub(crate) const EXIT_DATA: u8 = 5;
/// `replay` found a difference.
pub(crate) const EXIT_DIVERGED: u8 = 6;

/// Asked a second time to end: it ended at once. 6 says that a replay diverged.
pub(crate) const EXIT_AT_ONCE: u8 = 7;
/// `audit verify` found a chain or a journal that does not hold.
pub(crate) const EXIT_AUDIT: u8 = 8;

/// A failure with the exit code it ends in.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) code: u8,
    pub(crate) error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Exit {
    fn from(error: E) -> Self {
        Self { code: EXIT_FAILED, error: error.into() }
    }
}
