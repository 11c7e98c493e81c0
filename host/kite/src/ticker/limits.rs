//! Every limit of the live feed, with its default and unit.

use super::MAX_INSTRUMENTS;
use std::time::Duration;

/// Bounds of one ticker connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickerLimits {
    /// Instruments on one connection. Kite takes no more than 3 000.
    pub instruments: usize,
    /// Events waiting for the consumer. When it is full the socket is not read, and the broker conflates.
    pub events: usize,
    /// From the first packet to the end of the upgrade, over all addresses of the broker.
    pub connect_timeout: Duration,
    /// Connecting to one address of the broker, before the next is tried.
    pub address_timeout: Duration,
    /// This long without anything is a dead line: the broker sends a heartbeat every second.
    pub silence: Duration,
    /// Telling the broker what is wanted.
    pub send_timeout: Duration,
    /// One message. 3 000 full packets are 558 kB.
    pub message_bytes: usize,
    /// The first wait before connecting again; each next one is twice as long.
    pub first_backoff: Duration,
    /// The longest wait before connecting again.
    pub longest_backoff: Duration,
}

impl Default for TickerLimits {
    fn default() -> Self {
        Self {
            instruments: MAX_INSTRUMENTS,
            events: 1_024,
            connect_timeout: Duration::from_secs(7),
            address_timeout: Duration::from_secs(2),
            silence: Duration::from_secs(5),
            send_timeout: Duration::from_secs(5),
            message_bytes: 2 << 20,
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(30),
        }
    }
}
