//! From an HTTP status, a content type and a body to data or a typed error.
//!
//! Pure, and never trusting: an answer that is not exactly Kite's envelope is unreadable, whatever its status says.

use crate::error::{Error, RefusalKind};
use crate::secret::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::fmt;

/// Kite's messages are display text; longer ones are cut.
const MESSAGE_CHARACTERS: usize = 600;

/// One complete answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    /// What was sent in confidence: whatever the broker echoes of it is blotted out of every text made from this answer.
    pub(crate) hidden: Vec<Secret>,
}

#[derive(Deserialize)]
struct Success<T> {
    status: String,
    data: T,
}

#[derive(Deserialize)]
struct Failure {
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error_type: Option<String>,
}

/// The body may hold tokens and a trader's money: it is never printed.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer(HTTP {}, {} bytes)", self.status, self.body.len())
    }
}

impl Answer {
    /// The `data` of a success; an error in Kite's envelope is one whatever the status says.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.check_content_type("json")?;
        let wrong = match serde_json::from_slice::<Success<T>>(&self.body) {
            // serde takes a list for a record whose fields come in order; Kite never sends one.
            _ if !is_record(&self.body) => self.unreadable("not of the expected shape"),
            Ok(envelope) if envelope.status == "success" => return Ok(envelope.data),
            Ok(_) => self.unreadable("its status is not `success`"),
            Err(error) => self.wrong_json(&error),
        };
        Err(self.failure().map_or(wrong, |(kind, message)| self.refused(kind, message)))
    }

    /// The body of a success that is CSV.
    pub(crate) fn csv(self) -> Result<Vec<u8>, Error> {
        self.check_content_type("csv")?;
        Ok(self.body)
    }

    /// Everything but a 200 becomes a typed error. The body of a 200 is judged where it is read, so that it is read once.
    pub(crate) fn check_status(&self) -> Result<(), Error> {
        match self.status {
            200 => Ok(()),
            429 => Err(Error::RateLimited { message: message_of(self.failure(), "too many requests") }),
            500..=599 => Err(self.server_error(self.failure())),
            400..=499 => Err(match self.failure() {
                Some((_, message)) if self.status == 428 => Error::NeedsAuthorisation { message },
                Some((kind, message)) => self.refused(kind, message),
                None => self.unreadable("an error without Kite's error body"),
            }),
            300..=399 => Err(self.unreadable("a redirect, which is never followed")),
            _ => Err(self.unreadable("an unexpected status")),
        }
    }

    /// Kite's error body, if this is one.
    fn failure(&self) -> Option<(RefusalKind, String)> {
        if self.check_content_type("json").is_err() {
            return None;
        }
        let body = Some(&self.body).filter(|body| is_record(body))?;
        let failure: Failure = serde_json::from_slice(body).ok()?;
        let kind = RefusalKind::from_word(&self.clean(failure.error_type.as_deref().unwrap_or_default()));
        let message = self.clean(failure.message.as_deref().unwrap_or_default());
        (failure.status == "error").then_some((kind, message))
    }

    /// Blotted before it is cut: half a token is still half a token.
    fn clean(&self, text: &str) -> String {
        let blotted = self.hidden.iter().fold(text.to_owned(), |text, secret| secret.blot_out(&text));
        clean(&blotted)
    }

    fn server_error(&self, failure: Option<(RefusalKind, String)>) -> Error {
        let kind = failure.as_ref().map(|(kind, _)| kind.clone());
        Error::ServerError {
            status: self.status,
            kind,
            message: message_of(failure, "no readable reason given"),
        }
    }

    fn refused(&self, kind: RefusalKind, message: String) -> Error {
        let message = if message.is_empty() { "no reason given".to_owned() } else { message };
        Error::Refused { status: self.status, kind, message }
    }

    fn check_content_type(&self, word: &str) -> Result<(), Error> {
        if self.content_type.contains(word) {
            return Ok(());
        }
        // The header is not repeated: like everything foreign it could hold a token.
        let is = if self.content_type.contains("html") { "HTML" } else { "something else" };
        Err(self.unreadable(format!("it is not {word} but {is}")))
    }

    /// Where the JSON goes wrong, but not what stands there: it may be a token.
    fn wrong_json(&self, error: &serde_json::Error) -> Error {
        let what = match error.classify() {
            Category::Syntax => "not JSON",
            Category::Eof => "cut short",
            Category::Data => "not of the expected shape",
            Category::Io => "not readable",
        };
        self.unreadable(format!("{what} at line {} column {}", error.line(), error.column()))
    }

    pub(crate) fn unreadable(&self, reason: impl fmt::Display) -> Error {
        Error::unreadable(self.status, self.clean(&reason.to_string()))
    }
}

fn message_of(failure: Option<(RefusalKind, String)>, otherwise: &str) -> String {
    failure.map(|(_, message)| message).filter(|m| !m.is_empty()).unwrap_or_else(|| otherwise.to_owned())
}

/// True when an answer is text, all of it, and a record and not a list: serde looks at neither in what it skips.
pub(crate) fn is_record(json: &[u8]) -> bool {
    std::str::from_utf8(json).is_ok_and(|text| text.trim_ascii_start().starts_with('{'))
}

/// One line of bounded length: the text is foreign and ends up in logs and pages.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_CHARACTERS).collect()
}

#[cfg(test)]
mod tests;
