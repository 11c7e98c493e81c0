//! What a simulator is started with: address, accounts, seed, clock, switches.
//!
//! Knows the demo's two traders by name; knows nothing of how the server uses any of this.

use market::{Money, Timestamp};
use std::net::SocketAddr;

/// Where the demo's page takes the browser back after the login page.
const DEMO_REDIRECT_URL: &str = "http://127.0.0.1:8080/api/auth/callback";
/// What each demo trader starts with, in rupees.
const DEMO_CASH_RUPEES: i64 = 1_000_000;
/// The seed of the demo's market.
const DEMO_SEED: u64 = 9394;

/// Everything a simulator needs to know at its start.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// The address for REST, login page and ticker. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// The traders and their apps. Several accounts may share one api key (they must share its secret too).
    pub accounts: Vec<SimAccount>,
    /// The seed of the market: one seed and one sequence of commands give the same day again.
    pub seed: u64,
    /// Which clock the exchange goes by.
    pub clock: ClockSetup,
    /// Trades round the clock instead of NSE hours.
    pub always_open: bool,
    /// Answers 429 above Kite's published limits.
    pub rate_limits: bool,
}

/// One trader with one app.
#[derive(Debug, Clone)]
pub struct SimAccount {
    /// The Zerodha id, such as `UK9394`.
    pub user_id: String,
    /// The name on the account.
    pub user_name: String,
    /// The app's key.
    pub api_key: String,
    /// The app's secret.
    pub api_secret: String,
    /// Where the login page sends the browser. Without one, the page shows the request token instead.
    pub redirect_url: Option<String>,
    /// Opening cash.
    pub cash: Money,
}

/// The clock that the exchange, its timestamps and its tokens go by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockSetup {
    /// The machine's own clock.
    Wall,
    /// A clock that starts where it is told and can be set later through `PUT /sim/clock`.
    Virtual {
        /// Where it starts.
        start: Timestamp,
        /// Simulated seconds per second; 0 stands still.
        speed: f64,
    },
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("the simulator cannot listen on {address}: {source}")]
    Listen {
        /// Where it wanted to listen.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The accounts contradict each other.
    #[error("simulator accounts: {0}")]
    Accounts(String),
    /// A speed that is no speed.
    #[error("the clock's speed must be between 0 and {limit}, not {speed}")]
    Speed {
        /// What was asked.
        speed: f64,
        /// The most that is allowed.
        limit: f64,
    },
}

impl SimConfig {
    /// The demo: two traders, market always open, the machine's clock, Kite's own rate limits.
    pub fn demo(listen: SocketAddr) -> Self {
        Self {
            listen,
            accounts: vec![
                SimAccount::demo("UK9394", "Uma Kulkarni"),
                SimAccount::demo("UK1234", "Uday Khanna"),
            ],
            seed: DEMO_SEED,
            clock: ClockSetup::Wall,
            always_open: true,
            rate_limits: true,
        }
    }

    /// The same with another place for the login page to return to, for every account.
    #[must_use]
    pub fn with_redirect_url(mut self, url: &str) -> Self {
        for account in &mut self.accounts {
            account.redirect_url = Some(url.to_owned());
        }
        self
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        let wrong = |text: String| Err(StartError::Accounts(text));
        for (index, account) in self.accounts.iter().enumerate() {
            let earlier = &self.accounts[..index];
            if account.user_id.is_empty() || account.api_key.is_empty() || account.api_secret.is_empty() {
                return wrong(format!("account {} needs a user id, an api key and an api secret", index + 1));
            }
            if earlier.iter().any(|other| other.user_id == account.user_id) {
                return wrong(format!("{} is there twice", account.user_id));
            }
            let same_key = earlier.iter().find(|other| other.api_key == account.api_key);
            if same_key.is_some_and(|other| other.api_secret != account.api_secret) {
                return wrong(format!("api key {} has two different secrets", account.api_key));
            }
        }
        if self.accounts.is_empty() { wrong("at least one is needed".to_owned()) } else { Ok(()) }
    }
}

impl SimAccount {
    /// A demo trader: api key `demo-<id>`, secret `demo-secret-<id>`, both in lower case.
    pub fn demo(user_id: &str, user_name: &str) -> Self {
        let lower = user_id.to_lowercase();
        Self {
            user_id: user_id.to_owned(),
            user_name: user_name.to_owned(),
            api_key: format!("demo-{lower}"),
            api_secret: format!("demo-secret-{lower}"),
            redirect_url: Some(DEMO_REDIRECT_URL.to_owned()),
            cash: Money::from_rupees(DEMO_CASH_RUPEES),
        }
    }
}
