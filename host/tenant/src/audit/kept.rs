//! Heads that were kept: as a file beside the database, or as an operator wrote them down elsewhere.

use super::chain::Head;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

/// The name of the file in the data folder.
pub const HEADS_FILE: &str = "audit.heads";

/// The end of every chain at one instant: one line a chain, `NUMBER HASH NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads(pub BTreeMap<String, Head>);

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is no head: it should be a number, a hash of 64 hexadecimal digits and the name of a chain"
)]
pub struct NoHead {
    /// Which line, counting from 1.
    pub line: usize,
}

impl Heads {
    /// As the file has them.
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (chain, head)| {
            let _ = writeln!(text, "{} {} {chain}", head.number, head.hash_text());
            text
        })
    }
}

impl FromStr for Heads {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let heads = lines.map(|(at, line)| read(line).ok_or(NoHead { line: at + 1 }));
        heads.collect::<Result<_, _>>().map(Self)
    }
}

fn read(line: &str) -> Option<(String, Head)> {
    let (number, rest) = line.trim().split_once(' ')?;
    let (hash, chain) = rest.split_once(' ')?;
    Some((chain.to_owned(), Head { number: number.parse().ok()?, hash: hash_of(hash)? }))
}

/// A hash from 64 hexadecimal digits.
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_were_written_and_a_line_that_is_none_is_named() {
        let head = |number, byte| Head { number, hash: [byte; 32] };
        let heads = Heads([("UK9394".into(), head(7, 1)), ("the host".into(), head(12, 0xab))].into());
        assert_eq!(heads.text().parse::<Heads>().unwrap(), heads);
        let torn = format!("{}7 abcd UK9394", heads.text());
        assert_eq!(torn.parse::<Heads>().unwrap_err(), NoHead { line: 3 });
    }
}
