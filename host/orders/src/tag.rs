//! The mark by which an order is found again: 20 characters, of which the first two name the install and the last one
//! checks the others. Pure: chance comes in as bytes.

use std::fmt;

/// Characters of a mark. The broker takes no more.
const CHARACTERS: usize = 20;
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What the marks of one install begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix([u8; 2]);

impl Default for Prefix {
    fn default() -> Self {
        Self([LETTERS[0]; 2])
    }
}

impl Prefix {
    /// From chance.
    pub const fn drawn(chance: [u8; 2]) -> Self {
        Self([letter(chance[0]), letter(chance[1])])
    }

    /// From a row. None where it is no prefix.
    pub fn from_text(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(|byte| LETTERS.contains(byte)).then_some(Self(letters))
    }

    /// A fresh mark: 85 bits of chance between the prefix and the check.
    pub fn tag(self, chance: [u8; 17]) -> String {
        let mut text: Vec<u8> = self.0.to_vec();
        text.extend(chance.map(letter));
        text.push(check(&text));
        text.into_iter().map(char::from).collect()
    }

    /// True when this install made the mark, as far as its form tells.
    pub fn made(self, tag: &str) -> bool {
        let bytes = tag.as_bytes();
        bytes.len() == CHARACTERS
            && bytes.starts_with(&self.0)
            && bytes.iter().all(|byte| LETTERS.contains(byte))
            && bytes.last() == Some(&check(&bytes[..CHARACTERS - 1]))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

const fn letter(chance: u8) -> u8 {
    LETTERS[chance as usize % LETTERS.len()]
}

/// A weighted sum with odd weights: it changes with any single letter.
fn check(letters: &[u8]) -> u8 {
    let place = |byte: &u8| LETTERS.iter().position(|letter| letter == byte).unwrap_or(0);
    let weighted = letters.iter().enumerate().map(|(at, byte)| (2 * at + 1) * place(byte));
    LETTERS[weighted.sum::<usize>() % LETTERS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_goes_through_a_row_and_nothing_else_becomes_one() {
        let prefix = Prefix::drawn([200, 7]);
        assert_eq!(Prefix::from_text(&prefix.to_string()), Some(prefix));
        for wrong in ["", "A", "ABC", "a1", "A0", "é"] {
            assert_eq!(Prefix::from_text(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_tag_is_known_by_its_install_alone_and_not_with_one_letter_changed(
            chance: [u8; 17], ours: [u8; 2], theirs: [u8; 2], at in 0..20usize, other in 1..32usize
        ) {
            let (ours, theirs) = (Prefix::drawn(ours), Prefix::drawn(theirs));
            let tag = ours.tag(chance);
            prop_assert_eq!(tag.len(), 20);
            prop_assert!(tag.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
            prop_assert!(ours.made(&tag));
            prop_assert_eq!(theirs.made(&tag), theirs == ours);
            let mut bytes = tag.clone().into_bytes();
            let place = LETTERS.iter().position(|letter| *letter == bytes[at]).unwrap();
            bytes[at] = LETTERS[(place + other) % LETTERS.len()];
            prop_assert!(!ours.made(std::str::from_utf8(&bytes).unwrap()));
        }
    }
}
