//! Signing in: with the three credentials at once, or through Kite's login page and back.

mod again;

pub(crate) use again::{__path_begin_again, begin_again};

use crate::web::attempts::Spent;
use crate::web::body::{Asked, Body};
use crate::web::cookies::{Cookie, LOGIN_COOKIE_S};
use crate::web::error::{Problem, ProblemBody};
use crate::web::remote::Remote;
use crate::web::state::WebState;
use crate::web::view::account::{Authenticate, BeginLogin, LoginUrl, SignedInAs};
use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::net::IpAddr;
use tenant::audit::Actor;
use tenant::{Login, LoginError, NewSession, SecretText, Tenant};
use utoipa::IntoParams;

/// The longest name a device may have, in characters.
const DEVICE_CHARS_MAX: usize = 120;

/// Why a browser is back at the sign-in form: a word from a fixed list, which the page puts into words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason(&'static str);

impl Reason {
    const NOT_FINISHED: Self = Self("login-not-finished");
    const SORRY: Self = Self("internal");
}

/// The stable word for an error of a sign-in.
const fn slug(error: &LoginError) -> &'static str {
    match error {
        LoginError::UnknownApiKey => "unknown-api-key",
        LoginError::WrongSecret => "wrong-secret",
        LoginError::UsedToken => "used-request-token",
        LoginError::Refused(_) => "login-refused",
        LoginError::UnknownState => "login-expired",
        LoginError::BrokerDown(_) | LoginError::StrangeUser(_) => "broker",
        LoginError::BadInput(_) => "bad-request",
        LoginError::Store(_) => "internal",
    }
}

impl From<LoginError> for Reason {
    fn from(error: LoginError) -> Self {
        if let LoginError::Store(error) = &error {
            tracing::error!("sign-in failed: {error:#}");
        }
        Self(slug(&error))
    }
}

impl From<Spent> for Reason {
    fn from(_: Spent) -> Self {
        Self("login-attempts")
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match &error {
            LoginError::UnknownApiKey
            | LoginError::WrongSecret
            | LoginError::UsedToken
            | LoginError::Refused(_)
            | LoginError::UnknownState => {
                Self::new(StatusCode::UNAUTHORIZED, slug(&error), error.to_string())
            }
            LoginError::BrokerDown(_) | LoginError::StrangeUser(_) => Self::broker(error.to_string()),
            LoginError::BadInput(_) => Self::bad_request(error.to_string()),
            LoginError::Store(_) => Self::internal(&error),
        }
    }
}

/// Sign in with what Kite Connect gave you. Sets the session cookie.
#[utoipa::path(
    post, path = "/api/auth/authenticate", tag = "account",
    request_body = Authenticate,
    responses(
        (status = 200, description = "Signed in; the cookie `bulkhead_session` is set", body = SignedInAs),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Unknown api key, wrong secret, or a request token that is used or expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ins were tried within a minute; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Kite cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn authenticate(
    State(state): State<WebState>,
    Remote(remote): Remote,
    headers: HeaderMap,
    Body(given): Body<Authenticate>,
) -> Result<Response, Problem> {
    let attempt = state.attempts.begin(remote, &given.api_key)?;
    let login = Login {
        api_key: given.api_key,
        api_secret: SecretText::new(given.api_secret),
        request_token: SecretText::new(given.request_token),
        device: device(&headers),
        address: Some(remote),
    };
    let (tenant, session) = state.tenants.login(login).await?;
    attempt.succeeded();
    end_session_before(&state, &headers).await;
    let cookies = [(header::SET_COOKIE, session_cookie(&state, &session)?)];
    Ok((cookies, Json(signed_in_as(&tenant, &session))).into_response())
}

/// Begin to sign in through Kite's login page. The credentials are sealed until the browser comes back.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "account",
    request_body = BeginLogin,
    responses(
        (status = 200, description = "Go to this address in the same browser, within ten minutes", body = LoginUrl),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ins were tried within a minute; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin(
    State(state): State<WebState>,
    Remote(remote): Remote,
    Body(given): Body<BeginLogin>,
) -> Result<Response, Problem> {
    // It is not known yet how this will end, and a row is kept of it: it counts.
    let _ = state.attempts.begin(remote, &given.api_key)?;
    let pending = state.tenants.begin_login(&given.api_key, SecretText::new(given.api_secret)).await?;
    let bound = Cookie::Login.set(&state.reach, &pending.state, LOGIN_COOKIE_S)?;
    let body = Json(LoginUrl { url: pending.url.to_string() });
    Ok(([(header::SET_COOKIE, bound)], body).into_response())
}

/// What Kite's login page sends along. It may add more.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Back {
    /// Good once.
    request_token: Option<String>,
    /// Names the sign-in that was begun.
    state: Option<String>,
    /// `1` when the browser was sent on from this machine's other name.
    hop: Option<String>,
}

/// Where Kite's login page sends the browser. Signs in and goes on to the page.
#[utoipa::path(
    get, path = "/api/auth/callback", tag = "account", params(Back),
    responses((status = 303, description = "To `/`, signed in; or to `/?error=…` with a word for the reason"))
)]
pub(crate) async fn callback(
    State(state): State<WebState>,
    Remote(remote): Remote,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
    Asked(back): Asked<Back>,
) -> Response {
    let began = Cookie::Login.read(&headers, &state.reach);
    if let (None, None, Some(elsewhere)) = (&began, &back.hop, loopback_twin(&headers)) {
        let query = uri.query().unwrap_or_default();
        return Redirect::to(&format!("http://{elsewhere}/api/auth/callback?{query}&hop=1")).into_response();
    }
    let done = Cookie::Login.clear(&state.reach);
    match finish(&state, &headers, began, back, remote).await {
        Ok(session) => {
            let mut response = Redirect::to("/").into_response();
            response.headers_mut().append(header::SET_COOKIE, session);
            response.headers_mut().append(header::SET_COOKIE, done);
            response
        }
        Err(reason) => ([(header::SET_COOKIE, done)], to_form(reason)).into_response(),
    }
}

/// This machine's other name. Kite knows one of them; who opened the page under the other began there, and a browser
/// keeps their cookies apart.
fn loopback_twin(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (name, port) = host.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    match name {
        "127.0.0.1" => Some(format!("localhost:{port}")),
        "localhost" => Some(format!("127.0.0.1:{port}")),
        _ => None,
    }
}

/// Back to the sign-in form, which shows the reason.
fn to_form(Reason(word): Reason) -> Response {
    Redirect::to(&format!("/?error={word}")).into_response()
}

/// The new session's cookie, or why not.
async fn finish(
    state: &WebState,
    headers: &HeaderMap,
    began: Option<String>,
    back: Back,
    remote: IpAddr,
) -> Result<HeaderValue, Reason> {
    let (Some(began), Some(named)) = (began, back.state) else {
        return Err(LoginError::UnknownState.into());
    };
    // Somebody else's sign-in must not be finished in this browser.
    if began != named {
        return Err(LoginError::UnknownState.into());
    }
    let token = back.request_token.ok_or(Reason::NOT_FINISHED)?;
    let (_, session) =
        state.tenants.finish_login(&named, SecretText::new(token), &device(headers), Some(remote)).await?;
    end_session_before(state, headers).await;
    session_cookie(state, &session).map_err(|_| Reason::SORRY)
}

/// A new sign-in replaces the session this browser had: nobody is left with a cookie of before.
async fn end_session_before(state: &WebState, headers: &HeaderMap) {
    let Some(secret) = Cookie::Session.read(headers, &state.reach) else { return };
    let Ok((tenant, session)) = state.tenants.resume(&secret).await else { return };
    let actor = Actor::Session { id: session.id.clone(), address: None };
    if let Err(error) = tenant.acting_as(actor).revoke_session(&session.id).await {
        tracing::error!(broker_id = %tenant.broker_id(), "the session before was not ended: {error:#}");
    }
    state.streams.look(&tenant);
}

fn signed_in_as(tenant: &Tenant, session: &NewSession) -> SignedInAs {
    SignedInAs {
        broker_id: tenant.broker_id().to_string(),
        user_name: tenant.user_name(),
        expires_at: session.info.expires_at.into(),
    }
}

fn session_cookie(state: &WebState, session: &NewSession) -> Result<HeaderValue, Problem> {
    let left_s = session.info.expires_at.micros_since(state.tenants.clock().now()) / 1_000_000;
    let max_age_s = u32::try_from(left_s).unwrap_or(0);
    Cookie::Session.set(&state.reach, session.secret.expose(), max_age_s)
}

/// What the browser or program calls itself, cut to what a list can show.
fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    agent.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_two_names_and_no_other_host_has() {
        let twin = |host: &'static str| {
            loopback_twin(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]))
        };
        assert_eq!(twin("127.0.0.1:8080").as_deref(), Some("localhost:8080"));
        assert_eq!(twin("localhost:8080").as_deref(), Some("127.0.0.1:8080"));
        for other in
            ["desk.example:443", "localhost.evil.example:80", "localhost:80@evil.example", "localhost"]
        {
            assert_eq!(twin(other), None, "{other}");
        }
    }
}
