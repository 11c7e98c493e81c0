//! Start and stop: one listener, one driver task, one server task.
//!
//! Knows how the parts are put together and nothing of what they answer.

use crate::broker::Broker;
use crate::config::{SimConfig, StartError};
use crate::postback::Outbox;
use crate::{driver, postback, routes};
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long open requests may take to finish at the stop, in milliseconds.
const STOP_GRACE_MS: u64 = 2_000;

/// A running simulator. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Binds the address and serves.
    ///
    /// # Errors
    /// When the address cannot be bound, or accounts or clock make no sense.
    pub async fn start(config: SimConfig) -> Result<Self, StartError> {
        config.check()?;
        let wrong = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let (outbox, posts) = Outbox::new();
        let broker = open(config, outbox).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(driver::drive(broker.clone(), stop.clone()));
        tasks.spawn(postback::deliver(posts, stop.clone()));
        tasks.spawn(serve(listener, broker, stop.clone()));
        tasks.close();
        Ok(Self { address, stop, tasks })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has ended by itself: its market broke, and standard error says how.
    pub async fn ended(&self) {
        self.stop.cancelled().await;
    }

    /// Stops: no new connections, tickers closed, the address free again.
    pub async fn stop(self) {
        self.stop.cancel();
        let grace = Duration::from_millis(STOP_GRACE_MS);
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!("the simulator stopped with requests still open");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Reading the books may take a moment.
async fn open(config: SimConfig, outbox: Outbox) -> Result<Broker, StartError> {
    match tokio::task::spawn_blocking(move || Broker::new(&config, outbox)).await {
        Ok(broker) => broker,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn serve(listener: TcpListener, broker: Broker, stop: CancellationToken) {
    let hub_stop = stop.clone();
    let hub = broker.clone();
    let shutdown = async move {
        hub_stop.cancelled().await;
        hub.hub().disconnect(None);
    };
    let service = routes::router(broker).into_make_service_with_connect_info::<SocketAddr>();
    // A tick that waits for the acknowledgement of the one before it is late.
    let listener = listener.tap_io(|line| {
        if let Err(error) = line.set_nodelay(true) {
            tracing::debug!("a connection could not be told to send at once: {error:#}");
        }
    });
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown);
    let cut = async {
        stop.cancelled().await;
        // Keep-alive connections of clients that never hang up must not hold the stop.
        tokio::time::sleep(Duration::from_millis(STOP_GRACE_MS / 2)).await;
    };
    tokio::select! {
        result = server => {
            if let Err(error) = result {
                tracing::error!("the simulator's server ended: {error:#}");
            }
        }
        () = cut => {}
    }
}
