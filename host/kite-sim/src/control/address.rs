//! `GET /sim/address`: which address the caller comes from, as pages of the open internet tell it.

use axum::Json;
use axum::extract::ConnectInfo;
use serde_json::{Value, json};
use std::net::SocketAddr;

pub(super) async fn seen(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Json<Value> {
    Json(json!({ "ip": peer.ip().to_canonical() }))
}
