//! `GET /sim/`: what the control API can do, for people.

/// The manual, as plain text.
pub(super) async fn page() -> &'static str {
    include_str!("manual.txt")
}
