//! Kite's envelope: `{"status":"success","data":…}`, or an error with message, `error_type` and HTTP status.
//!
//! Knows no route. Every answer but CSV and pages leaves through here, so each one is JSON, errors too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use exchange::RefusalKind;
use serde::Serialize;

/// What a Kite route answers.
pub(crate) type Answer = Result<Response, Refusal>;

/// A no, in Kite's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error_type: &'static str,
    pub(crate) message: String,
    /// For programs, such as `switch_to_amo`.
    pub(crate) hints: Vec<String>,
}

#[derive(Serialize)]
struct Success<T> {
    status: &'static str,
    data: T,
}

#[derive(Serialize)]
struct Failure<'a> {
    status: &'static str,
    message: &'a str,
    data: Option<Hints<'a>>,
    error_type: &'a str,
}

#[derive(Serialize)]
struct Hints<'a> {
    hints: &'a [String],
}

/// The success envelope around `data`.
pub(crate) fn success(data: impl Serialize) -> Answer {
    json(StatusCode::OK, &Success { status: "success", data })
}

/// The bytes of a success.
pub(crate) fn envelope(data: &impl Serialize) -> Bytes {
    serde_json::to_vec(&Success { status: "success", data }).unwrap_or_default().into()
}

/// Any JSON with a status; a value that cannot be written becomes a 500 in the same envelope.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(|error| Refusal::general(500, error.to_string()))?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes)
        .into_response())
}

impl Refusal {
    /// A refusal of any type; an impossible status reads as 500.
    pub(crate) fn new(status: u16, error_type: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, error_type, message: message.into(), hints: Vec::new() }
    }

    /// A missing or bad parameter.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(400, "InputException", message)
    }

    /// A session that is none (any more): clients drop theirs and ask for a login.
    pub(crate) fn token(message: impl Into<String>) -> Self {
        Self::new(403, "TokenException", message)
    }

    /// Unclassified, such as an unknown route.
    pub(crate) fn general(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "GeneralException", message)
    }

    /// Over a limit of requests.
    pub(crate) fn too_many(message: impl Into<String>) -> Self {
        Self::new(429, "NetworkException", message)
    }
}

impl From<exchange::Refusal> for Refusal {
    fn from(refusal: exchange::Refusal) -> Self {
        Self {
            hints: refusal.hints,
            ..Self::new(status_of(refusal.kind), refusal.kind.as_str(), refusal.message)
        }
    }
}

/// The HTTP status of what the exchange refuses.
pub(crate) const fn status_of(kind: RefusalKind) -> u16 {
    match kind {
        // An id that names nothing is the one general refusal; all others are about the request.
        RefusalKind::General => 404,
        RefusalKind::Consent => 428,
        RefusalKind::Input
        | RefusalKind::Margin
        | RefusalKind::Holding
        | RefusalKind::Order
        | RefusalKind::User => 400,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let data = (!self.hints.is_empty()).then_some(Hints { hints: &self.hints });
        let body = Failure { status: "error", message: &self.message, data, error_type: self.error_type };
        // Three strings and a null always serialise; an empty body would still carry the status.
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes)
            .into_response()
    }
}
