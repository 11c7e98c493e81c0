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
    if call.params.text("refresh_token").is_none() {
        let access_token = call.params.required("access_token")?;
        if !broker.sessions(|sessions| sessions.close(api_key, access_token)) {
            return Err(Refusal::token("Incorrect `api_key` or `access_token`."));
        }
    }
    success(true)
}

pub(crate) async fn refresh(call: Plain) -> Answer {
    call.params.required("api_key")?;
    call.params.required("refresh_token")?;
    // Ordinary apps are given no refresh token, so none can be right.
    Err(Refusal::token("Token is invalid or has expired."))
}
