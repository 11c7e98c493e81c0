//! The socket under the door: how many connections there may be, and how long one may take to say what it wants.
//!
//! HTTP/1.1 alone: what browsers, scripts and proxies speak to a host like this, and one protocol less to bound. Knows no
//! route.

use crate::web::farewell::Lingering;
use crate::web::network::network;
use crate::web::router;
use crate::web::state::WebState;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// What a head may hold, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How long to wait when the system has no room for one more connection, in milliseconds.
const NO_ROOM_MS: u64 = 200;

/// How often full seats are written to the log, in seconds.
const COMPLAINT_S: u64 = 60;

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Connections from everywhere.
    pub connections: usize,
    /// Connections from one address, an IPv6 address with its whole /64 network. A trusted proxy has no such bound.
    pub connections_per_address: usize,
    /// How long a connection may take from its beginning, or from its last answer, until the head of its next request is
    /// there, in milliseconds.
    pub head_ms: u64,
    /// How long answers under way may take when the host ends, in milliseconds.
    pub farewell_ms: u64,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self { connections: 4_096, connections_per_address: 256, head_ms: 20_000, farewell_ms: 5_000 }
    }
}

/// Answers on a socket until `stop`, and then until what is under way is answered or the farewell is over.
pub async fn serve(
    listener: TcpListener,
    state: WebState,
    limits: ServeLimits,
    stop: impl Future<Output = ()>,
) {
    let reach = state.reach.clone();
    let house = House {
        door: router(state),
        seats: Seats::new(limits),
        head: Duration::from_millis(limits.head_ms),
        closing: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    let (guests, mut stop) = (TaskTracker::new(), pin!(stop));
    let mut complained: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let Some((stream, peer)) = admitted(accepted).await else { continue };
        match house.seats.take(peer.ip(), reach.trusts(peer.ip())) {
            Some(seat) => {
                guests.spawn(house.clone().host(stream, peer, seat));
            }
            None if complained.is_none_or(|at| at.elapsed().as_secs() >= COMPLAINT_S) => {
                complained = Some(Instant::now());
                tracing::warn!("a connection from {} was closed: too many are open", peer.ip());
            }
            None => {}
        }
    }
    drop(listener);
    house.closing.cancel();
    guests.close();
    if tokio::time::timeout(Duration::from_millis(limits.farewell_ms), guests.wait()).await.is_err() {
        house.cut.cancel();
        guests.wait().await;
    }
}

/// A connection, unless accepting it failed.
async fn admitted(accepted: io::Result<(TcpStream, SocketAddr)>) -> Option<(TcpStream, SocketAddr)> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    match accepted {
        Ok((stream, peer)) => {
            // Answers are small and waited for.
            let _ = stream.set_nodelay(true);
            Some((stream, peer))
        }
        // The other end went away before it was let in.
        Err(error)
            if matches!(
                error.kind(),
                ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
            ) =>
        {
            None
        }
        Err(error) => {
            tracing::error!("no connection can be accepted: {error}");
            tokio::time::sleep(Duration::from_millis(NO_ROOM_MS)).await;
            None
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct House {
    door: Router,
    seats: Seats,
    head: Duration,
    closing: CancellationToken,
    cut: CancellationToken,
}

impl House {
    async fn host(self, stream: TcpStream, peer: SocketAddr, _seat: Seat) {
        let door = self.door;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            door.clone().oneshot(request)
        });
        let mut rules = http1::Builder::new();
        rules.timer(TokioTimer::new()).header_read_timeout(self.head).max_buf_size(HEAD_BYTES_MAX);
        let mut connection = pin!(rules.serve_connection(TokioIo::new(Lingering::new(stream)), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = self.cut.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!("connection from {peer} ended: {error}");
        }
    }
}

/// The places connections take.
#[derive(Clone)]
struct Seats {
    limits: ServeLimits,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One place, given up with the connection.
struct Seat {
    seats: Seats,
    address: IpAddr,
}

impl Seats {
    fn new(limits: ServeLimits) -> Self {
        Self { limits, taken: Arc::default() }
    }

    fn take(&self, peer: IpAddr, is_proxy: bool) -> Option<Seat> {
        let address = network(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.limits.connections || !is_proxy && theirs >= self.limits.connections_per_address
        {
            return None;
        }
        taken.all += 1;
        *taken.by_address.entry(address).or_default() += 1;
        Some(Seat { seats: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(theirs) = taken.by_address.get_mut(&self.address) {
            *theirs -= 1;
            if *theirs == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_seats_than_their_own_nor_all_more_than_there_are() {
        let limits = ServeLimits { connections: 5, connections_per_address: 2, ..ServeLimits::default() };
        let seats = Seats::new(limits);
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        let (one, two) = (address("2001:db8::1"), address("2001:db8::2"));
        let mut held = vec![seats.take(one, false).unwrap(), seats.take(two, false).unwrap()];
        assert!(seats.take(one, false).is_none(), "one network, two seats");
        let proxy = address("10.0.0.1");
        held.extend((0..3).map(|_| seats.take(proxy, true).unwrap()));
        assert!(seats.take(address("10.0.0.2"), false).is_none(), "the house is full");
        held.clear();
        assert!(seats.take(one, false).is_some());
        assert!(seats.taken.lock().unwrap().by_address.is_empty());
    }
}
