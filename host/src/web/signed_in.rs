//! The only door from a request to a tenant: the session cookie, or an API token as bearer.

use crate::web::cookies::Cookie;
use crate::web::error::Problem;
use crate::web::guard::Reach;
use crate::web::remote::Remote;
use crate::web::state::WebState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use market::Timestamp;
use std::net::IpAddr;
use tenant::audit::Actor;
use tenant::{ApiToken, NotSignedIn, SecretText, SessionInfo, Tenant, Tenants};

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
    /// Who comes through it, for the audit.
    fn actor(&self, address: IpAddr) -> Actor {
        match self {
            Self::Session(session) => Actor::Session { id: session.id.clone(), address: Some(address) },
            Self::Token(token) => Actor::Token { id: token.id.clone(), address: Some(address) },
        }
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        match self {
            Self::Session(session) => session.expires_at,
            Self::Token(token) => token.expires_at,
        }
    }
}

impl DoorKey {
    fn of(headers: &HeaderMap, reach: &Reach) -> Option<Self> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
            return bearer.then(|| Self::Bearer(SecretText::new(token.trim())));
        }
        Cookie::Session.read(headers, reach).map(|secret| Self::Cookie(SecretText::new(secret)))
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
        let key = DoorKey::of(&parts.headers, &state.reach).ok_or_else(Problem::not_signed_in)?;
        let (tenant, door) = key.open(&state.tenants).await?;
        let Ok(Remote(address)) = Remote::from_request_parts(parts, state).await;
        Ok(Self { tenant: tenant.acting_as(door.actor(address)), door, key })
    }
}

impl FromRequestParts<WebState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let entered = Entered::from_request_parts(parts, state).await?;
        Ok(Self(entered.tenant))
    }
}
