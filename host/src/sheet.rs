//! Rows for a spreadsheet (RFC 4180), in which nothing that somebody else wrote becomes a formula.
//!
//! Knows no record: whoever writes rows brings fields.

use std::fmt::Write as _;

/// What makes a spreadsheet take a field for a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One row with its line end.
pub(crate) fn row<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (at, field) in fields.into_iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // An apostrophe in front makes text of whatever follows.
        let shield = if field.starts_with(FORMULA_STARTS) { "'" } else { "" };
        let needs_quotes = field.contains([',', '"', '\n', '\r']);
        let quote = if needs_quotes { "\"" } else { "" };
        let _ = write!(line, "{comma}{quote}{shield}{}{quote}", field.replace('"', "\"\""));
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_text_and_commas_and_quotes_stay_in_their_field() {
        let fields = ["=cmd|' /C calc'!A0", "+1", "-2", "@x", "\t=1", "plain", "a,b", "say \"hi\"\n", ""];
        let line = row(fields);
        assert_eq!(line, "'=cmd|' /C calc'!A0,'+1,'-2,'@x,'\t=1,plain,\"a,b\",\"say \"\"hi\"\"\n\",\r\n");
        assert_eq!(row(["=1,2"]), "\"'=1,2\"\r\n");
    }
}
