//! What the host tells the tenants when it opens them. Every limit has a name, a default and a unit.

use crate::clock::Clock;
use market::Calendar;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// Which broker the tenants trade with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerAddress {
    /// The real Kite Connect.
    Zerodha,
    /// A server that speaks Kite Connect under one base address, such as `http://127.0.0.1:8081`.
    At(Url),
}

/// Everything needed to open the tenants.
#[derive(Debug, Clone)]
pub struct TenantsConfig {
    /// Where the database, the logs and the uploaded components live.
    pub data_dir: PathBuf,
    /// The key that seals credentials. Must lie outside `data_dir`; made at the first start.
    pub key_file: PathBuf,
    /// The broker.
    pub broker: BrokerAddress,
    /// Where log files are copied to, if anywhere.
    pub archive_url: Option<Url>,
    /// When the market is open.
    pub calendar: Calendar,
    /// What trading costs.
    pub rates: Arc<ledger::RateTable>,
    /// Bounds.
    pub limits: TenantLimits,
    /// The time.
    pub clock: Clock,
    /// A page that tells who asks from which address it was asked, where one was named.
    pub echo_url: Option<Url>,
    /// Which build of the host this is, for the audit.
    pub build: String,
}

/// Bounds on what one tenant may hold.
#[derive(Debug, Clone)]
pub struct TenantLimits {
    /// How long a sign-in lasts, in seconds.
    pub session_ttl_s: i64,
    /// How long a started browser sign-in may take, in seconds.
    pub pending_login_ttl_s: i64,
    /// How long log files wait for their next copy to object storage, in seconds.
    pub archive_interval_s: u64,
    /// Days that log files stay on this disk, today among them; copies in object storage stay. `None`: for ever, because a
    /// trader may be bound to keep them.
    pub log_days_kept: Option<u32>,
    /// Strategies per tenant.
    pub strategies_max: u32,
    /// Versions per strategy.
    pub versions_max: u32,
    /// Order updates that may wait in a run's channel before they wait in the order path.
    pub run_events_max: usize,
    /// Ticks that may wait for one listener before the newest per instrument replaces older ones.
    pub feed_ticks_max: usize,
    /// How often the order book is read while orders are open, in milliseconds.
    pub order_poll_ms: u64,
    /// How long after an unanswered send the last reading without the order must be before it counts as never arrived, in
    /// seconds. Orders were seen to appear 90 s late.
    pub absent_after_s: i64,
    /// How often the broker's positions are compared with the booked trades of the day, in seconds.
    pub positions_every_s: u64,
    /// How long an order or a change may wait for its turn before it is given up, in milliseconds.
    pub send_within_ms: i64,
    /// How long a run that is taken out of the market waits for the trades of its last fills before it ends and says which are
    /// missing, in seconds.
    pub fills_booked_within_s: i64,
    /// How old the newest tick may be and still tell the gate and the paper exchange a price, in seconds.
    pub price_max_age_s: i64,
    /// How often the broker is asked whether the session lives, in seconds. Nothing else would notice while all is quiet.
    pub session_probe_s: u64,
    /// How often open positions are valued in memory and the daily loss is looked at, in milliseconds.
    pub value_every_ms: u64,
    /// How often the day's figures are written down, in seconds.
    pub figures_every_s: u64,
    /// How often the address that orders leave from is proved, in seconds.
    pub prove_egress_every_s: u64,
    /// How soon it is proved again while it is not the right one, in seconds.
    pub prove_egress_retry_s: u64,
    /// How long the journal of a run is kept after its end, in days.
    pub journal_keep_days: u32,
    /// How long entries of the audit are kept, in days.
    pub audit_keep_days: u32,
    /// Entries of the audit in one answer; more are asked for page by page.
    pub audit_page_max: u32,
    /// Trades in one answer; more are asked for page by page.
    pub trades_page_max: u32,
}

impl Default for TenantLimits {
    fn default() -> Self {
        Self {
            session_ttl_s: 24 * 3600,
            pending_login_ttl_s: 600,
            archive_interval_s: 60,
            log_days_kept: None,
            strategies_max: 500,
            versions_max: 500,
            run_events_max: 1_024,
            feed_ticks_max: 1_024,
            order_poll_ms: 3_000,
            absent_after_s: 120,
            positions_every_s: 60,
            send_within_ms: 5_000,
            fills_booked_within_s: 300,
            price_max_age_s: 60,
            session_probe_s: 60,
            value_every_ms: 1_000,
            figures_every_s: 60,
            prove_egress_every_s: 3_600,
            prove_egress_retry_s: 30,
            journal_keep_days: 90,
            audit_keep_days: 1_827,
            audit_page_max: 1_000,
            trades_page_max: 10_000,
        }
    }
}

impl TenantsConfig {
    /// The usual settings for a data folder, a key file and a broker: NSE hours, no archive.
    pub fn new(data_dir: PathBuf, key_file: PathBuf, broker: BrokerAddress) -> Self {
        Self {
            data_dir,
            key_file,
            broker,
            archive_url: None,
            calendar: Calendar::nse([]),
            rates: Arc::default(),
            limits: TenantLimits::default(),
            clock: Clock::wall(),
            echo_url: None,
            build: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
