//! Signing in again: the host holds key and secret already, so the browser only brings the key.

use super::{LOGIN_COOKIE, LOGIN_COOKIE_S, SORRY, set_cookie, to_form};
use crate::web::body::Asked;
use crate::web::error::ProblemBody;
use crate::web::guard::is_cross_site;
use crate::web::remote::Remote;
use crate::web::state::WebState;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tenant::LoginError;
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
        (status = 303, description = "To Kite's login page, bound to this browser for ten minutes; or to `/?error=…` with the reason, such as a key this host does not hold: then key and secret must be entered once"),
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
) -> Result<Response, String> {
    // Otherwise another site could send somebody into a sign-in with its own app.
    if is_cross_site(headers, &state.reach) {
        return Err("another site began this sign-in: begin it here".to_owned());
    }
    state.attempts.take(remote, api_key).map_err(|spent| spent.to_string())?;
    let pending = state.tenants.begin_login_again(api_key).await.map_err(|error| match error {
        LoginError::Store(error) => {
            tracing::error!("sign-in not begun: {error:#}");
            SORRY.to_owned()
        }
        other => other.to_string(),
    })?;
    let Some(pending) = pending else {
        return Err("this host does not hold that api key yet: enter api key and secret once".to_owned());
    };
    let bound = set_cookie(state, LOGIN_COOKIE, &pending.state, "/api/auth/callback", LOGIN_COOKIE_S);
    let bound = bound.map_err(|_| SORRY.to_owned())?;
    Ok(([(header::SET_COOKIE, bound)], Redirect::to(pending.url.as_str())).into_response())
}
