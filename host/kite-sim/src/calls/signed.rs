//! A call with a session: `Authorization: token api_key:access_token`, checked, counted and, for orders, recorded.
//!
//! The only way for a route to learn whose call it serves.

use crate::broker::Broker;
use crate::calls::Params;
use crate::faults::Plan;
use crate::limits::CallKind;
use crate::received::{Received, head, token_prefix};
use crate::reply::Refusal;
use crate::sessions::TokenOwner;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A call in the name of a user.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) user_id: String,
    pub(crate) params: Params,
}

impl FromRequest<Broker> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, broker: &Broker) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let params = Params::read(parts.uri.query(), body).await?;
        let (api_key, access_token) = credentials(&parts.headers).unwrap_or_default();
        let now = broker.now();
        let user_id = broker.sessions(|sessions| {
            sessions.user_of(api_key, access_token, now).map(|account| account.user_id.clone())
        });
        let kind = kind_of(&parts);
        if kind == CallKind::OrderWrite {
            record(broker, &parts, &params, (api_key, access_token), user_id.is_ok());
        }
        let user_id = user_id?;
        // Whatever is refused from here on has used up its part of the limits.
        broker.count(kind, api_key, &user_id)?;
        if kind == CallKind::OrderWrite {
            check_address(broker, &user_id, source_ip(&parts))?;
        }
        if matches!(kind, CallKind::Quote | CallKind::Historical) {
            check_plan(broker, api_key)?;
        }
        Ok(Self { user_id, params })
    }
}

/// The key and token in the header.
pub(crate) fn credentials(headers: &HeaderMap) -> Option<(&str, &str)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("token ")?.trim().split_once(':')
}

/// Whose call it is, if its session lives.
pub(crate) fn caller(broker: &Broker, headers: &HeaderMap) -> Option<String> {
    let (api_key, access_token) = credentials(headers)?;
    let now = broker.now();
    broker.sessions(|sessions| {
        sessions.user_of(api_key, access_token, now).ok().map(|account| account.user_id.clone())
    })
}

/// Market data is for apps that pay for it.
pub(crate) fn check_plan(broker: &Broker, api_key: &str) -> Result<(), Refusal> {
    match broker.plan(api_key) {
        Plan::Connect => Ok(()),
        Plan::Personal => {
            Err(Refusal::new(403, "PermissionException", "Insufficient permission for that call."))
        }
    }
}

fn kind_of(parts: &Parts) -> CallKind {
    let path = parts.uri.path();
    if path.starts_with("/orders") && parts.method != Method::GET {
        CallKind::OrderWrite
    } else if path.starts_with("/quote") {
        CallKind::Quote
    } else if path.starts_with("/instruments/historical") {
        CallKind::Historical
    } else {
        CallKind::Other
    }
}

fn record(broker: &Broker, parts: &Parts, params: &Params, credentials: (&str, &str), authorised: bool) {
    let (api_key, access_token) = credentials;
    let owner: Option<TokenOwner> = broker.sessions(|sessions| sessions.owner_of(access_token).cloned());
    let time = broker.now();
    let text = |name: &str| params.text(name).map(head);
    let symbol =
        text("exchange").zip(text("tradingsymbol")).map(|(venue, name)| head(&format!("{venue}:{name}")));
    broker.received(|log| {
        log.add(Received {
            seq: 0,
            time,
            time_text: time.rfc3339_ist(),
            token_matches_key: owner.as_ref().is_some_and(|owner| owner.api_key == api_key),
            user_id: owner.map(|owner| owner.user_id),
            api_key: head(api_key),
            access_token: token_prefix(access_token),
            authorised,
            method: head(parts.method.as_str()),
            path: head(parts.uri.path()),
            tag: text("tag"),
            symbol,
            side: text("transaction_type"),
            quantity: text("quantity"),
            source_ip: source_ip(parts),
            wall_ms: crate::broker::wall_ms(),
        });
    });
}

/// Order calls come from registered addresses alone; everything else may come from anywhere.
fn check_address(broker: &Broker, user_id: &str, from: IpAddr) -> Result<(), Refusal> {
    let allowed = broker.account(user_id).map(|account| account.allowed_ips.as_slice()).unwrap_or_default();
    if allowed.is_empty() || allowed.contains(&from) {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        "PermissionException",
        format!(
            "IP ({from}) is not allowed to place orders for this app. Update allowed IPs on the Kite developer console."
        ),
    ))
}

fn source_ip(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical())
}
