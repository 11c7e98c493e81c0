//! Every route of Kite Connect that the simulator serves, at the host root, and the control API beside them.
//!
//! Knows paths. What an unknown path or a wrong method gets is Kite's JSON, never a bare page.

mod alerts;
mod consent;
mod gtt;
mod login;
mod margins;
mod market_data;
mod orders;
mod portfolio;
mod session;
mod ticker;
mod user;

use crate::broker::Broker;
use crate::calls::{see_through, spoil};
use crate::control;
use crate::reply::Refusal;
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use tower_http::compression::CompressionLayer;

/// The whole server.
pub(crate) fn router(broker: Broker) -> Router {
    let kite = Router::new()
        .merge(session_routes())
        .merge(order_routes())
        .merge(portfolio_routes())
        .merge(market_routes())
        .fallback(|uri: Uri| async move { missing(&uri, StatusCode::NOT_FOUND, "Route not found") })
        .method_not_allowed_fallback(|uri: Uri| async move {
            missing(&uri, StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
        })
        .layer(from_fn_with_state(broker.clone(), see_through))
        .layer(from_fn_with_state(broker.clone(), spoil));
    kite.merge(control::router()).with_state(broker)
}

/// Kite's words for what is not there, or the control API's under its own path.
fn missing(uri: &Uri, status: StatusCode, words: &str) -> Response {
    if uri.path().starts_with("/sim/") {
        control::not_here(status)
    } else {
        Refusal::general(status.as_u16(), words).into_response()
    }
}

fn session_routes() -> Router<Broker> {
    Router::new()
        .route("/", get(ticker::root))
        .route("/ws", get(ticker::upgrade))
        .route("/connect/login", get(login::page).post(login::finish))
        .route("/session/token", post(session::exchange).delete(session::close))
        .route("/session/refresh_token", post(session::refresh))
        .route("/user/profile", get(user::profile))
        .route("/user/profile/full", get(user::full_profile))
        .route("/user/margins", get(user::margins))
        .route("/user/margins/{segment}", get(user::segment_margins))
}

fn order_routes() -> Router<Broker> {
    Router::new()
        .route("/orders", get(orders::list))
        // One segment is an order id to read and a variety to place under.
        .route("/orders/{id_or_variety}", get(orders::history).post(orders::place))
        .route("/orders/{id_or_variety}/trades", get(orders::order_trades))
        .route("/orders/{id_or_variety}/{order_id}", put(orders::modify).delete(orders::cancel))
        .route("/trades", get(orders::trades))
        .route("/gtt/triggers", get(gtt::list).post(gtt::place))
        .route("/gtt/triggers/{id}", get(gtt::read).put(gtt::modify).delete(gtt::delete))
        .route("/alerts", get(alerts::list).post(alerts::create).delete(alerts::delete))
        .route("/alerts/{uuid}", get(alerts::read).put(alerts::modify))
        .route("/alerts/{uuid}/history", get(alerts::history))
}

fn portfolio_routes() -> Router<Broker> {
    Router::new()
        .route("/margins/orders", post(margins::orders))
        .route("/margins/basket", post(margins::basket))
        .route("/charges/orders", post(margins::charges))
        .route("/portfolio/positions", get(portfolio::positions).put(portfolio::convert))
        .route("/portfolio/holdings", get(portfolio::holdings))
        .route("/portfolio/holdings/summary", get(portfolio::holdings_summary))
        .route("/portfolio/holdings/compact", get(portfolio::holdings_compact))
        .route("/portfolio/holdings/auctions", get(portfolio::auctions))
        .route("/portfolio/holdings/authorise", post(portfolio::authorise))
        .route(
            "/connect/portfolio/authorise/holdings/{api_key}/{request_id}",
            get(consent::page).post(consent::finish),
        )
}

fn market_routes() -> Router<Broker> {
    let lists = Router::new()
        .route("/instruments", get(market_data::instruments))
        .route("/instruments/{exchange}", get(market_data::exchange_instruments))
        .layer(CompressionLayer::new());
    Router::new()
        .merge(lists)
        .route("/instruments/historical/{token}/{interval}", get(market_data::historical))
        .route("/instruments/trigger_range/{side}", get(market_data::trigger_range))
        .route("/quote", get(market_data::quote))
        .route("/quote/ohlc", get(market_data::ohlc))
        .route("/quote/ltp", get(market_data::ltp))
}
