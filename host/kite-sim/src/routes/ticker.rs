//! The ticker's door, at `/` and `/ws`: a bad session is an HTTP status on the upgrade.

use crate::broker::Broker;
use crate::calls::{Params, check_plan};
use crate::reply::Refusal;
use crate::ticker::serve;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};

/// The largest message a client may send, in bytes: 3 000 tokens fit many times.
const MESSAGE_LIMIT: usize = 256 * 1024;

/// What the ticker's door says of a bad session. The official Rust client knows a dead token by these words, which are
/// not those of the REST routes.
const BAD_SESSION: &str = "Invalid `access_token` or `api_key`.";

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /`: the ticker for WebSockets, a signpost for people.
pub(crate) async fn root(broker: State<Broker>, query: RawQuery, ws: Upgrade) -> Response {
    match ws {
        Ok(ws) => upgrade(broker, query, Ok(ws)).await.into_response(),
        Err(_) => Html(
            "<!doctype html><title>Simulated Kite</title><p>A simulated Kite Connect. \
             What it does is described at <a href=\"/sim/\">/sim/</a>.</p>",
        )
        .into_response(),
    }
}

/// `GET /ws?api_key=…&access_token=…`.
pub(crate) async fn upgrade(
    State(broker): State<Broker>,
    RawQuery(query): RawQuery,
    ws: Upgrade,
) -> Result<Response, Refusal> {
    let ws = ws.map_err(|_| Refusal::input("This address speaks WebSocket."))?;
    let params = Params::from_query(query.as_deref());
    let api_key = params.text("api_key").unwrap_or_default();
    let access_token = params.text("access_token").unwrap_or_default();
    let now = broker.now();
    let user_id = broker.sessions(|sessions| {
        let account = sessions.user_of(api_key, access_token, now).map_err(|_| Refusal::token(BAD_SESSION));
        account.map(|account| account.user_id.clone())
    })?;
    check_plan(&broker, api_key)?;
    let seat = broker.hub().join(api_key, &user_id);
    let seat = seat.ok_or_else(|| Refusal::too_many("Too many ticker connections for this api_key."))?;
    let ws = ws.max_message_size(MESSAGE_LIMIT);
    Ok(ws.on_upgrade(|socket| serve(socket, seat)).into_response())
}
