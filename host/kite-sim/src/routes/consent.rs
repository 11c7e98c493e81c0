//! The depository's page: what an app asks to sell, and the holder's yes.
//!
//! No PIN is asked: everyone who can reach the simulator may be any of its traders.

use crate::broker::Broker;
use crate::consents::Asked;
use crate::reply::Refusal;
use crate::routes::login::escaped;
use axum::extract::{Path, State};
use axum::response::Html;

const GONE: &str = "The authorisation request is unknown or has expired. Ask for a new one.";

/// `GET /connect/portfolio/authorise/holdings/{api_key}/{request_id}`.
pub(crate) async fn page(
    State(broker): State<Broker>,
    Path((api_key, request_id)): Path<(String, String)>,
) -> Result<Html<String>, Refusal> {
    let now = broker.now();
    let asked = broker.consents(|consents| consents.find(&api_key, &request_id, now).cloned());
    let asked = asked.ok_or_else(|| Refusal::input(GONE))?;
    Ok(Html(html(&asked, &request_id)))
}

/// The page's button: the shares may be sold for the rest of the day.
pub(crate) async fn finish(
    State(broker): State<Broker>,
    Path((api_key, request_id)): Path<(String, String)>,
) -> Result<Html<&'static str>, Refusal> {
    let now = broker.now();
    let asked = broker.consents(|consents| consents.take(&api_key, &request_id, now));
    let asked = asked.ok_or_else(|| Refusal::input(GONE))?;
    broker.exchange(|exchange| exchange.authorise(&asked.user_id, &asked.shares))?;
    Ok(Html(
        "<!doctype html><title>Authorised</title><p>The holdings are authorised for today. Close this page.",
    ))
}

fn html(asked: &Asked, request_id: &str) -> String {
    let (key, user, request) = (escaped(&asked.api_key), escaped(&asked.user_id), escaped(request_id));
    let row = |(isin, quantity): &(String, u32)| format!("<li>{quantity} × {}</li>", escaped(isin));
    let shares: String = asked.shares.iter().map(row).collect();
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorise (simulated depository)</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem;color:#222}}
button{{display:block;width:100%;margin:.5rem 0;padding:.8rem;font:inherit;border:0;border-radius:.3rem;
background:#c0392b;color:#fff;cursor:pointer}}p{{color:#666}}</style></head><body>
<h1>Authorise</h1><p>App <code>{key}</code> wants to sell for <b>{user}</b> today:</p><ul>{shares}</ul>
<form method="post" action="/connect/portfolio/authorise/holdings/{key}/{request}"><button>Authorise</button></form>
</body></html>"#
    )
}
