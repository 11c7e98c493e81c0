//! The only door from a request to a tenant: the session cookie, or an API token as bearer.

use crate::web::error::Problem;
use crate::web::state::WebState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use market::Timestamp;
use tenant::{ApiToken, NotSignedIn, SecretText, SessionInfo, Tenant, Tenants};

/// The session cookie's name.
pub(crate) const COOKIE: &str = "bulkhead_session";

/// Somebody is signed in, and this is their compartment.
#[derive(Debug)]
pub(crate) struct SignedIn(pub(crate) Tenant);

/// A tenant, and what opened the door.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) tenant: Tenant,
    pub(crate) door: Door,
    pub(crate) key: DoorKey,
}

/// What the request showed, to be shown again later by a stream.
#[derive(Debug, Clone)]
pub(crate) enum DoorKey {
    Cookie(SecretText),
    Bearer(SecretText),
}

/// What the key opened.
#[derive(Debug)]
pub(crate) enum Door {
    Session(SessionInfo),
    Token(ApiToken),
}

impl Door {
    pub(crate) fn expires_at(&self) -> Timestamp {
        match self {
            Self::Session(session) => session.expires_at,
            Self::Token(token) => token.expires_at,
        }
    }
}

impl DoorKey {
    fn of(headers: &HeaderMap) -> Option<Self> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
            return bearer.then(|| Self::Bearer(SecretText::new(token.trim())));
        }
        cookie(headers, COOKIE).map(|secret| Self::Cookie(SecretText::new(secret)))
    }

    /// Opens the door, as often as wanted, as long as the key is good.
    pub(crate) async fn open(&self, tenants: &Tenants) -> Result<(Tenant, Door), NotSignedIn> {
        match self {
            Self::Cookie(secret) => {
                let (tenant, session) = tenants.resume(secret.expose()).await?;
                Ok((tenant, Door::Session(session)))
            }
            Self::Bearer(token) => {
                let (tenant, token) = tenants.resume_token(token.expose()).await?;
                Ok((tenant, Door::Token(token)))
            }
        }
    }
}

impl From<NotSignedIn> for Problem {
    fn from(error: NotSignedIn) -> Self {
        match error {
            NotSignedIn::Unknown => Self::not_signed_in(),
            NotSignedIn::Store(error) => Self::internal(error),
        }
    }
}

impl FromRequestParts<WebState> for Entered {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let key = DoorKey::of(&parts.headers).ok_or_else(Problem::not_signed_in)?;
        let (tenant, door) = key.open(&state.tenants).await?;
        Ok(Self { tenant, door, key })
    }
}

impl FromRequestParts<WebState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let entered = Entered::from_request_parts(parts, state).await?;
        Ok(Self(entered.tenant))
    }
}

/// A cookie's value. The same name twice is nobody's: a sibling site may have planted one.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = pairs
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned());
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_cookie_planted_beside_ours_opens_nothing() {
        let headers =
            |text: &'static str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        let ours = headers("theme=dark; bulkhead_session=abc");
        assert_eq!(cookie(&ours, COOKIE).as_deref(), Some("abc"));
        assert_eq!(cookie(&headers("bulkhead_session=abc; bulkhead_session=def"), COOKIE), None);
        assert_eq!(cookie(&headers("xbulkhead_session=abc"), COOKIE), None);
    }
}
