//! One line: time, level, broker id, run and text, and its way to the file and back.

use super::escape::escape;
use super::name::Owner;
use market::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Text of one line, in bytes; what is longer is cut. Twice what a guest may write in one call.
const MAX_TEXT_BYTES: usize = 16 * 1024;
const MAX_RUN_BYTES: usize = 64;
const NO_RUN: &str = "-";

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the author.
    Debug,
    /// For the record.
    Info,
    /// Somebody should look at it.
    Warn,
    /// Something failed.
    Error,
}

/// One line of a log, as people and the web see it. The text is inert: see [`super::escape()`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When it was written.
    #[serde(serialize_with = "as_rfc3339")]
    pub time: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// Which run it is about, if one.
    pub run: Option<String>,
    /// What it says.
    pub text: String,
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The word as it stands in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| format!("`{}` is no level: write debug, info, warn or error", escape(text)))
    }
}

impl LogLine {
    pub(super) fn new(time: Timestamp, level: Level, run: Option<&str>, text: &str) -> Self {
        let run = run.map(|run| cut(run, MAX_RUN_BYTES)).map(one_word);
        // Files and the web show milliseconds, so the live line has no more.
        let time = Timestamp::from_micros(time.micros().div_euclid(1_000) * 1_000);
        let kept = cut(text, MAX_TEXT_BYTES);
        let mut shown = escape(kept);
        if kept.len() < text.len() {
            shown.push_str(&format!(" … ({} bytes cut)", text.len() - kept.len()));
        }
        Self { time, level, run, text: shown }
    }

    /// The line as it stands in the file, with its end.
    pub(super) fn record(&self, owner: &Owner) -> String {
        let run = self.run.as_deref().unwrap_or(NO_RUN);
        format!("{} {} {owner} {run} {}\n", self.time.rfc3339_ist(), self.level, self.text)
    }

    /// Reads a line of a file back. `None` for what this module did not write, such as a torn line.
    pub(super) fn parse(record: &str) -> Option<Self> {
        let mut parts = record.splitn(5, ' ');
        let time = parse_time(parts.next()?)?;
        let level = parts.next()?.parse().ok()?;
        let _owner = parts.next()?;
        let run = parts.next()?;
        let run = (run != NO_RUN).then(|| run.to_owned());
        Some(Self { time, level, run, text: parts.next()?.to_owned() })
    }
}

/// From `2026-11-23T09:15:00.123+05:30`, the only form that is written.
fn parse_time(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_once('.')?;
    let millis = rest.strip_suffix("+05:30").filter(|digits| digits.len() == 3)?.parse::<u16>().ok()?;
    Some(Timestamp::parse_ist(seconds).ok()?.plus_micros(i64::from(millis) * 1_000))
}

fn one_word(run: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    run.chars().map(|c| if word(c) { c } else { '_' }).collect()
}

/// The longest beginning of at most so many bytes that ends between characters.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

fn as_rfc3339<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let line = LogLine::new(Timestamp::EPOCH, Level::Info, None, &"₹".repeat(MAX_TEXT_BYTES));
        assert!(line.text.ends_with(" … (32769 bytes cut)"), "{}", &line.text[line.text.len() - 30..]);
    }

    proptest! {
        #[test]
        fn a_record_reads_back_as_the_line_it_was(text in ".{0,80}", run in proptest::option::of("[a-z0-9-]{2,20}"),
            micros in 0i64..4_000_000_000_000_000) {
            let owner = Owner::new("UK9394").unwrap();
            let line = LogLine::new(Timestamp::from_micros(micros), Level::Warn, run.as_deref(), &text);
            let record = line.record(&owner);
            prop_assert_eq!(record.matches('\n').count(), 1);
            prop_assert_eq!(LogLine::parse(record.trim_end_matches('\n')), Some(line));
        }
    }
}
