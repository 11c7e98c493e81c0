//! Signing in: with the three credentials at once, or through Kite's login page and back.

mod again;

pub(crate) use again::{__path_begin_again, begin_again};

use crate::web::body::{Asked, Body};
use crate::web::error::{Problem, ProblemBody};
use crate::web::remote::Remote;
use crate::web::signed_in::{COOKIE, cookie};
use crate::web::state::WebState;
use crate::web::view::account::{Authenticate, BeginLogin, LoginUrl, SignedInAs};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tenant::{Login, LoginError, NewSession, SecretText, Tenant};
use utoipa::IntoParams;

/// Binds a sign-in through Kite's page to the browser that began it.
const LOGIN_COOKIE: &str = "bulkhead_login";

/// How long Kite's page may take, in seconds.
const LOGIN_COOKIE_S: u32 = 600;

/// Our own fault, for people who sign in; the cause goes to the log.
const SORRY: &str = "something went wrong on our side: try again";

/// The longest name a device may have, in characters.
const DEVICE_CHARS_MAX: usize = 120;

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        let refused = |slug| Self::new(StatusCode::UNAUTHORIZED, slug, error.to_string());
        match &error {
            LoginError::UnknownApiKey => refused("unknown-api-key"),
            LoginError::WrongSecret => refused("wrong-secret"),
            LoginError::UsedToken => refused("used-request-token"),
            LoginError::Refused(_) => refused("login-refused"),
            LoginError::UnknownState => refused("login-expired"),
            LoginError::BrokerDown(_) => Self::broker(error.to_string()),
            LoginError::BadInput(_) => Self::bad_request(error.to_string()),
            LoginError::StrangeUser(_) => Self::broker(error.to_string()),
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
    state.attempts.take(remote, &given.api_key)?;
    let login = Login {
        api_key: given.api_key,
        api_secret: SecretText::new(given.api_secret),
        request_token: SecretText::new(given.request_token),
        device: device(&headers),
    };
    let (tenant, session) = state.tenants.login(login).await?;
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
    state.attempts.take(remote, &given.api_key)?;
    let pending = state.tenants.begin_login(&given.api_key, SecretText::new(given.api_secret)).await?;
    let bound = set_cookie(&state, LOGIN_COOKIE, &pending.state, "/api/auth/callback", LOGIN_COOKIE_S)?;
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
    /// `success`, or how it failed.
    status: Option<String>,
}

/// Where Kite's login page sends the browser. Signs in and goes on to the page.
#[utoipa::path(
    get, path = "/api/auth/callback", tag = "account", params(Back),
    responses((status = 303, description = "To `/`, signed in; or to `/?error=…` with the reason"))
)]
pub(crate) async fn callback(
    State(state): State<WebState>,
    headers: HeaderMap,
    Asked(back): Asked<Back>,
) -> Response {
    let done = clear_cookie(LOGIN_COOKIE, "/api/auth/callback");
    match finish(&state, &headers, back).await {
        Ok(session) => {
            let mut response = Redirect::to("/").into_response();
            response.headers_mut().append(header::SET_COOKIE, session);
            response.headers_mut().append(header::SET_COOKIE, done);
            response
        }
        Err(reason) => ([(header::SET_COOKIE, done)], to_form(reason)).into_response(),
    }
}

/// Back to the sign-in form, which shows the reason.
fn to_form(reason: String) -> Response {
    let query = serde_urlencoded::to_string([("error", reason)]).unwrap_or_default();
    Redirect::to(&format!("/?{query}")).into_response()
}

/// The new session's cookie, or why not, in words for the sign-in form.
async fn finish(state: &WebState, headers: &HeaderMap, back: Back) -> Result<HeaderValue, String> {
    let began = cookie(headers, LOGIN_COOKIE);
    let (Some(began), Some(named)) = (began, back.state) else {
        return Err(LoginError::UnknownState.to_string());
    };
    // Somebody else's sign-in must not be finished in this browser.
    if began != named {
        return Err(LoginError::UnknownState.to_string());
    }
    let Some(token) = back.request_token else {
        let how = back.status.unwrap_or_else(|| "no request token".to_owned());
        return Err(format!("Kite did not finish the sign-in ({how}): try again"));
    };
    let finished = state.tenants.finish_login(&named, SecretText::new(token), &device(headers)).await;
    let (_, session) = finished.map_err(|error| match error {
        LoginError::Store(_) => SORRY.to_owned(),
        other => other.to_string(),
    })?;
    session_cookie(state, &session).map_err(|_| SORRY.to_owned())
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
    set_cookie(state, COOKIE, session.secret.expose(), "/", max_age_s)
}

fn set_cookie(
    state: &WebState,
    name: &str,
    value: &str,
    path: &str,
    max_age_s: u32,
) -> Result<HeaderValue, Problem> {
    let secure = if state.reach.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&text).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Makes the browser forget a cookie.
pub(crate) fn clear_cookie(name: &str, path: &str) -> HeaderValue {
    let text = format!("{name}=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What the browser or program calls itself, cut to what a list can show.
fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    agent.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS_MAX).collect()
}
