//! The broker's order postback: is it genuine?
//!
//! The checksum covers order number and time only, not state or quantities, so even a genuine postback may do no more
//! than cause a re-read of the order book.

use crate::answer::is_record;
use crate::login::checksum;
use crate::order_params::BrokerOrderId;
use crate::secret::Secret;
use crate::wire;
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// A genuine postback: which order of whom changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postback {
    /// The order.
    pub order_id: BrokerOrderId,
    /// The trader, as the body says. Not covered by the checksum.
    pub user_id: Option<String>,
}

/// Why a postback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostbackError {
    /// The body is not a postback.
    #[error("the body is not an order postback")]
    Unreadable,
    /// The checksum is not that of the secret.
    #[error("the checksum does not match")]
    Forged,
}

#[derive(Deserialize)]
struct Body {
    order_id: String,
    order_timestamp: String,
    checksum: String,
    #[serde(default, deserialize_with = "wire::text")]
    user_id: Option<String>,
}

/// Reads a postback body and verifies its checksum, in constant time.
///
/// # Errors
/// When the body is no postback or its checksum is not made with this secret.
pub fn verify(body: &[u8], api_secret: &Secret) -> Result<Postback, PostbackError> {
    // All of it must be text, also what is skipped; and serde would take a list for a record.
    let text = std::str::from_utf8(body).ok().filter(|_| is_record(body)).ok_or(PostbackError::Unreadable)?;
    let body: Body = serde_json::from_str(text).map_err(|_| PostbackError::Unreadable)?;
    let expected = checksum(&[&body.order_id, &body.order_timestamp, api_secret.expose()]);
    if !bool::from(expected.as_bytes().ct_eq(body.checksum.as_bytes())) {
        return Err(PostbackError::Forged);
    }
    let order_id = body.order_id.parse().map_err(|_| PostbackError::Unreadable)?;
    Ok(Postback { order_id, user_id: body.user_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(order_id: &str, checksum: &str) -> Vec<u8> {
        format!(
            r#"{{"user_id":"UK9394","order_id":"{order_id}","order_timestamp":"2026-11-23 10:00:00",
                "status":"COMPLETE","checksum":"{checksum}","meta":{{}}}}"#
        )
        .into_bytes()
    }

    #[test]
    fn only_the_holder_of_the_secret_is_believed() {
        let secret = Secret::from("s3cret");
        let genuine = checksum(&["1995", "2026-11-23 10:00:00", "s3cret"]);
        let read = verify(&body("1995", &genuine), &secret).unwrap();
        assert_eq!((read.order_id.as_str(), read.user_id.as_deref()), ("1995", Some("UK9394")));
        for (order_id, sum, secret) in [
            ("1996", genuine.as_str(), "s3cret"),
            ("1995", genuine.as_str(), "another"),
            ("1995", "", "s3cret"),
            ("1995", &genuine[..63], "s3cret"),
        ] {
            assert_eq!(verify(&body(order_id, sum), &Secret::from(secret)), Err(PostbackError::Forged));
        }
    }

    #[test]
    fn what_is_no_postback_is_refused() {
        let list = format!(r#"["1995","t","{}"]"#, checksum(&["1995", "t", "s"]));
        for body in
            ["", "[]", &list, "{}", r#"{"order_id":1,"order_timestamp":"x","checksum":"y"}"#, "order_id=1"]
        {
            assert_eq!(verify(body.as_bytes(), &Secret::from("s")), Err(PostbackError::Unreadable), "{body}");
        }
    }
}
