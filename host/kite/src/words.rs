//! Words of the broker's that no order is made of: triggers, alerts and their parts.
//!
//! Each prints and parses as Kite writes it.

use std::fmt;
use std::str::FromStr;

/// A word that is none of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a word of this kind")]
pub struct UnknownWord(pub String);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The broker's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                found.ok_or_else(|| UnknownWord(text.to_owned()))
            }
        }
    };
}

words! {
    /// How many prices a trigger waits for.
    GttKind {
        /// One.
        Single = "single",
        /// A lower and an upper one; the first to be reached ends the other.
        TwoLeg = "two-leg",
    }
}

words! {
    /// Where a trigger is on its way.
    GttStatus {
        /// It waits.
        Active = "active",
        /// It has sent its order.
        Triggered = "triggered",
        /// It waits no longer, until the trader says so.
        Disabled = "disabled",
        /// A year has passed.
        Expired = "expired",
        /// Withdrawn by the trader.
        Cancelled = "cancelled",
        /// The broker would not have it.
        Rejected = "rejected",
        /// Gone.
        Deleted = "deleted",
    }
}

words! {
    /// What an alert does.
    AlertKind {
        /// It tells.
        Simple = "simple",
        /// It sends orders.
        Ato = "ato",
    }
}

words! {
    /// Where an alert is on its way.
    AlertStatus {
        /// It watches.
        Enabled = "enabled",
        /// It does not.
        Disabled = "disabled",
        /// Gone.
        Deleted = "deleted",
    }
}

words! {
    /// How an alert compares its two sides.
    Comparison {
        /// At most.
        AtMost = "<=",
        /// At least.
        AtLeast = ">=",
        /// Less than.
        Below = "<",
        /// More than.
        Above = ">",
        /// Just as much.
        Equal = "==",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_it_is_written() {
        for kind in GttKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
        }
        for status in GttStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(*status));
        }
        for (kind, status) in AlertKind::ALL.iter().zip(AlertStatus::ALL) {
            assert_eq!((kind.to_string().parse(), status.to_string().parse()), (Ok(*kind), Ok(*status)));
        }
        for comparison in Comparison::ALL {
            assert_eq!(comparison.to_string().parse(), Ok(*comparison));
        }
        assert_eq!("=".parse::<Comparison>(), Err(UnknownWord("=".into())));
    }
}
