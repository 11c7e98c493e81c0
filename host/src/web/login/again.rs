//! Signing in again: the host holds key and secret already, so the browser only brings the key.

use super::{Reason, to_form};
use crate::web::body::Asked;
use crate::web::cookies::{Cookie, LOGIN_COOKIE_S};
use crate::web::error::ProblemBody;
use crate::web::guard::is_cross_site;
use crate::web::remote::Remote;
use crate::web::state::WebState;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// Who wants in.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Again {
    /// The key of the trader's own Kite Connect app, with which they have signed in on this host before.
    api_key: String,
}

/// Sign in again through Kite's login page, without typing the secret. For browsers: every answer is a redirect.
#[utoipa::path(
    get, path = "/api/auth/login", tag = "account", params(Again),
    responses(
        (status = 303, description = "To Kite's login page, bound to this browser for ten minutes; or to `/?error=…` with a word for the reason, such as `key-not-held`: then key and secret must be entered once"),
        (status = 400, description = "No `apiKey` was given", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin_again(
    State(state): State<WebState>,
    Remote(remote): Remote,
    headers: HeaderMap,
    Asked(again): Asked<Again>,
) -> Response {
    match begun(&state, remote, &headers, &again.api_key).await {
        Ok(response) => response,
        Err(reason) => to_form(reason),
    }
}

async fn begun(
    state: &WebState,
    remote: std::net::IpAddr,
    headers: &HeaderMap,
    api_key: &str,
) -> Result<Response, Reason> {
    // Otherwise another site could send somebody into a sign-in with its own app.
    if is_cross_site(headers, &state.reach) {
        return Err(Reason("cross-site"));
    }
    let _ = state.attempts.begin(remote, api_key)?;
    let pending = state.tenants.begin_login_again(api_key).await?.ok_or(Reason("key-not-held"))?;
    let bound = Cookie::Login.set(&state.reach, &pending.state, LOGIN_COOKIE_S);
    let bound = bound.map_err(|_| Reason::SORRY)?;
    Ok(([(header::SET_COOKIE, bound)], Redirect::to(pending.url.as_str())).into_response())
}
