//! `/session/token`: a request token for an access token, and its end.

use crate::broker::Broker;
use crate::calls::Plain;
use crate::reply::{Answer, Refusal, success};
use crate::view::user::SessionData;
use axum::extract::State;

pub(crate) async fn exchange(State(broker): State<Broker>, call: Plain) -> Answer {
    let api_key = call.params.required("api_key")?;
    let request_token = call.params.required("request_token")?;
    let checksum = call.params.required("checksum")?;
    let now = broker.now();
    let grant = broker.sessions(|sessions| sessions.exchange(api_key, request_token, checksum, now))?;
    let account = broker.account(&grant.user_id).ok_or_else(|| Refusal::token("Invalid `api_key`."))?;
    success(SessionData::new(account, api_key, &grant))
}

pub(crate) async fn close(State(broker): State<Broker>, call: Plain) -> Answer {
    let api_key = call.params.required("api_key")?;
    check_app(&broker, api_key)?;
    let access_token = call.params.text("access_token");
    if access_token.is_none() && call.params.text("refresh_token").is_some() {
        // No refresh token is ever given out, so whichever is named is no longer good for anything.
        return success(true);
    }
    let access_token = access_token.map_or_else(|| call.params.required("access_token"), Ok)?;
    if !broker.sessions(|sessions| sessions.close(api_key, access_token)) {
        return Err(Refusal::token("Incorrect `api_key` or `access_token`."));
    }
    success(true)
}

pub(crate) async fn refresh(State(broker): State<Broker>, call: Plain) -> Answer {
    let api_key = call.params.required("api_key")?;
    call.params.required("refresh_token")?;
    call.params.required("checksum")?;
    check_app(&broker, api_key)?;
    // Ordinary apps are given no refresh token, so none can be right.
    Err(Refusal::token("Token is invalid or has expired."))
}

fn check_app(broker: &Broker, api_key: &str) -> Result<(), Refusal> {
    let known = broker.sessions(|sessions| sessions.accounts_of(api_key).next().is_some());
    if known { Ok(()) } else { Err(Refusal::token("Invalid `api_key`.")) }
}
