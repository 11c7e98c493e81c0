//! Kite's login page: pick an account, go back to the app with a request token.
//!
//! No password is asked: everyone who can reach the simulator may be any of its traders.

use crate::broker::Broker;
use crate::calls::Plain;
use crate::reply::Refusal;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

/// `GET /connect/login?v=3&api_key=K[&redirect_params=…]`.
pub(crate) async fn page(State(broker): State<Broker>, call: Plain) -> Result<Html<String>, Refusal> {
    let api_key = call.params.required("api_key")?;
    let extra = call.params.text("redirect_params").unwrap_or_default();
    let buttons: Vec<String> = broker.sessions(|sessions| {
        let accounts = sessions.accounts_of(api_key);
        accounts.map(|account| button(&account.user_id, &account.user_name)).collect()
    });
    if buttons.is_empty() {
        return Err(Refusal::input("Invalid `api_key`."));
    }
    Ok(Html(html(api_key, extra, &buttons.concat())))
}

/// The page's button: back to the app.
pub(crate) async fn finish(State(broker): State<Broker>, call: Plain) -> Result<Response, Refusal> {
    let api_key = call.params.required("api_key")?;
    let user_id = call.params.required("user_id")?;
    let extra = call.params.text("redirect_params").unwrap_or_default();
    let now = broker.now();
    let token = broker.sessions(|sessions| sessions.request_token(api_key, Some(user_id), now));
    let token = token.ok_or_else(|| Refusal::input("Invalid `api_key` or `user_id`."))?;
    let redirect = broker.account(user_id).and_then(|account| account.redirect_url.as_deref());
    match redirect {
        Some(url) => back_to_app(url, &token, extra),
        None => {
            Ok(Html(format!("<!doctype html><p>Request token: <code>{token}</code></p>")).into_response())
        }
    }
}

fn back_to_app(redirect: &str, token: &str, extra: &str) -> Result<Response, Refusal> {
    let wrong = |_| Refusal::general(500, format!("The app's redirect URL `{redirect}` is not a URL."));
    let mut url = Url::parse(redirect).map_err(wrong)?;
    url.query_pairs_mut()
        .append_pair("action", "login")
        .append_pair("type", "login")
        .append_pair("status", "success")
        .append_pair("request_token", token)
        .extend_pairs(url::form_urlencoded::parse(extra.as_bytes()));
    let location = HeaderValue::from_str(url.as_str())
        .map_err(|_| Refusal::general(500, "The app's redirect URL does not fit into a header."))?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

fn button(user_id: &str, user_name: &str) -> String {
    let (id, name) = (escaped(user_id), escaped(user_name));
    format!(r#"<button name="user_id" value="{id}"><b>{id}</b> {name}</button>"#)
}

fn html(api_key: &str, extra: &str, buttons: &str) -> String {
    let (key, extra) = (escaped(api_key), escaped(extra));
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in (simulated Kite)</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem;color:#222}}
button{{display:block;width:100%;margin:.5rem 0;padding:.8rem;font:inherit;border:0;border-radius:.3rem;
background:#c0392b;color:#fff;cursor:pointer}}p{{color:#666}}</style></head><body>
<h1>Log in</h1><p>Simulated Kite, app <code>{key}</code>. No password: pick an account.</p>
<form method="post" action="/connect/login"><input type="hidden" name="api_key" value="{key}">
<input type="hidden" name="redirect_params" value="{extra}">{buttons}</form></body></html>"#
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
