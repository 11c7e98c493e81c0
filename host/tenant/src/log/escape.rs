//! Makes any text one inert line: nothing in it can end the record, move a cursor or turn the reading direction.

use std::fmt::Write;

/// The text with control characters, line and paragraph separators, direction marks and backslashes escaped.
///
/// Zero-width joiners stay: Indian scripts need them.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if is_active(c) => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// True for characters that do something instead of showing something.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_act_is_shown_instead() {
        let table = [
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{1b}]0;title\u{7}", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}"),
            ("nul\0", "nul\\u{0}"),
            ("line\u{2028}sep", "line\\u{2028}sep"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("next\u{85}line", "next\\u{85}line"),
            ("a\\nb", "a\\\\nb"),
            ("</script>", "</script>"),
            ("क्‍ष ₹ é", "क्‍ष ₹ é"),
        ];
        for (raw, shown) in table {
            assert_eq!(escape(raw), shown);
        }
    }

    proptest! {
        #[test]
        fn escaped_text_is_inert_and_tells_different_texts_apart(a in ".*", b in ".*") {
            prop_assert!(!escape(&a).chars().any(is_active));
            prop_assert_eq!(escape(&a) == escape(&b), a == b);
        }
    }
}
