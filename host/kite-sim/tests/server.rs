//! The simulator over real sockets: what a Kite client sees, request by request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod server {
    mod alerts;
    mod book_faults;
    mod desk;
    mod faults;
    mod limits;
    mod login;
    mod margins;
    mod market_data;
    mod orders;
    mod positions;
    mod restart;
    mod same_bytes;
    mod shapes;
    mod ticker;
    mod ticker_faults;
    mod varieties;
    mod venues;
}
