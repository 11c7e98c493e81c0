//! Why a person decided something, in their own words. Knows nothing of what they decide.

/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// A reason that says nothing, says too much, or would be more than one line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is needed, in one line of at most {REASON_CHARS_MAX} characters")]
pub struct BadReason;

/// The reason as it is kept: without the blanks around it.
///
/// # Errors
/// When it is none.
pub fn checked_reason(text: &str) -> Result<&str, BadReason> {
    let reason = text.trim();
    let fits = !reason.is_empty() && reason.chars().count() <= REASON_CHARS_MAX;
    if fits && !reason.chars().any(char::is_control) { Ok(reason) } else { Err(BadReason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_one_to_five_hundred_characters_in_one_line() {
        assert_eq!(checked_reason(" Kite's book lacks it \n"), Ok("Kite's book lacks it"));
        let longest = "ä".repeat(REASON_CHARS_MAX);
        assert_eq!(checked_reason(&format!(" {longest} ")), Ok(longest.as_str()));
        for none in ["", " \t ", "two\nlines", "a bell\u{7}", &format!("{longest}x")] {
            assert_eq!(checked_reason(none), Err(BadReason), "{none:?}");
        }
    }
}
