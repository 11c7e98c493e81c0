//! Other people's text within ours: cut to a length, and made harmless for a terminal, a log and a page.
//!
//! Names in an upload and a guest's own words may hold escape sequences, line breaks or text that runs backwards.
//! The lengths are a format, not limits of what a strategy may do.

use std::fmt::Write;

/// Longest name within a sentence, in bytes.
pub(crate) const NAME_BYTES: usize = 100;
/// Longest text that a guest or the engine has the last word with, in bytes.
pub(crate) const TEXT_BYTES: usize = 1_024;

/// At most `limit_bytes` of a text, everything but plain characters written as an escape.
pub fn quoted(text: &str, limit_bytes: usize) -> String {
    let mut quoted = String::with_capacity(text.len().min(limit_bytes));
    for character in text.chars() {
        let before = quoted.len();
        if is_plain(character) {
            quoted.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(quoted, "{}", character.escape_default());
        }
        if quoted.len() > limit_bytes {
            quoted.truncate(before);
            quoted.push('…');
            break;
        }
    }
    quoted
}

/// A name, short enough for a sentence.
pub(crate) fn name(text: &str) -> String {
    quoted(text, NAME_BYTES)
}

/// The first few names of a list, and how many more there are.
pub(crate) fn names<'n>(list: impl ExactSizeIterator<Item = &'n str>) -> String {
    const NAMED: usize = 8;
    let more = list.len().saturating_sub(NAMED);
    let named = list.take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// Not a control character, not a line break of any kind, and nothing that turns the direction of reading or hides.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_terminal_is_written_as_an_escape() {
        assert_eq!(quoted("a\u{1b}[2J\nb\r\0\u{9b}c", 100), "a\\u{1b}[2J\\nb\\r\\u{0}\\u{9b}c");
        assert_eq!(quoted("\u{202e}evil\u{2028}\u{feff}", 100), "\\u{202e}evil\\u{2028}\\u{feff}");
        assert_eq!(quoted("₹ 1 500 \"plain\" \\", 100), "₹ 1 500 \"plain\" \\");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(quoted("₹₹₹", 7), "₹₹…");
        assert_eq!(quoted("ab\n", 3), "ab…");
        assert_eq!(name(&"x".repeat(100_000)).len(), NAME_BYTES + "…".len());
    }

    #[test]
    fn a_long_list_names_its_first_and_counts_the_rest() {
        let list = ["a"; 10];
        assert_eq!(names(list.into_iter()), "a, a, a, a, a, a, a, a and 2 more");
        assert_eq!(names(list[..1].iter().copied()), "a");
    }
}
