//! The simulator over real sockets: what a Kite client sees, request by request.

mod server {
    mod desk;
    mod faults;
    mod login;
    mod market_data;
    mod orders;
    mod ticker;
}
