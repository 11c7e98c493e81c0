//! What a simulator is started with: address, accounts, seed, clock, switches.
//!
//! Knows the demo's two traders by name; knows nothing of how the server uses any of this.

use crate::faults::Plan;
use crate::journal::JournalError;
use exchange::HoldingSetup;
use market::{Calendar, Money, Price, Symbol, Timestamp};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use url::Url;

/// Where the demo's page takes the browser back after the login page.
const DEMO_REDIRECT_URL: &str = "http://127.0.0.1:8080/api/auth/callback";
/// What each demo trader starts with, in rupees.
const DEMO_CASH_RUPEES: i64 = 1_000_000;
/// What the demo traders hold at the start: whose, symbol, shares, what each cost in paise.
const DEMO_HOLDINGS: [(&str, &str, u32, i64); 5] = [
    ("UK9394", "NSE:RELIANCE", 25, 138_450),
    ("UK9394", "NSE:HDFCBANK", 40, 91_215),
    ("UK9394", "NSE:ITC", 200, 41_235),
    ("UK1234", "NSE:TCS", 12, 330_580),
    ("UK1234", "NSE:TATASTEEL", 300, 14_870),
];
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
    /// Hours, auctions, holidays and special sessions; without one, the usual ones. Means nothing where it never closes.
    pub calendar: Option<Calendar>,
    /// Answers 429 above Kite's published limits.
    pub rate_limits: bool,
    /// Where the broker's books are kept, so that they outlive the process. Without it they end with it.
    pub data_dir: Option<PathBuf>,
}

/// One trader with one app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    #[serde(default)]
    pub redirect_url: Option<String>,
    /// Where the app's server hears of its orders (http). Without one, nobody is told.
    #[serde(default)]
    pub postback_url: Option<Url>,
    /// Addresses that order calls may come from. Without one, all may.
    #[serde(default)]
    pub allowed_ips: Vec<IpAddr>,
    /// True when the holder has signed for all sales from the depository. Otherwise each day's sales of holdings need the
    /// holder's word first, and an order without it answers 428.
    #[serde(default = "signed")]
    pub demat_consent: bool,
    /// What the app may do.
    #[serde(default)]
    pub plan: Plan,
    /// Opening cash.
    #[serde(default = "demo_cash")]
    pub cash: Money,
    /// Shares at the start. They must be listed.
    #[serde(default)]
    pub holdings: Vec<HoldingSetup>,
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
    /// The books that were kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
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
            calendar: None,
            rate_limits: true,
            data_dir: None,
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
            if account
                .holdings
                .iter()
                .any(|holding| holding.quantity == 0 || holding.average_price <= Price::ZERO)
            {
                return wrong(format!(
                    "a holding of {} needs a quantity and an averagePrice above 0",
                    account.user_id
                ));
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
            postback_url: None,
            allowed_ips: Vec::new(),
            demat_consent: signed(),
            plan: Plan::Connect,
            cash: demo_cash(),
            holdings: demo_holdings(user_id),
        }
    }

    /// Accounts from a JSON list: `userId`, `userName`, `apiKey`, `apiSecret`, and where wanted `redirectUrl`, `postbackUrl`, `allowedIps`, `dematConsent`, `plan`
    /// (`connect` or `personal`), `cash` and `holdings` (`symbol`, `quantity`, `averagePrice`).
    ///
    /// # Errors
    /// When the text is no such list; the error says where.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, StartError> {
        serde_json::from_str(text).map_err(|error| StartError::Accounts(error.to_string()))
    }
}

const fn signed() -> bool {
    true
}

const fn demo_cash() -> Money {
    Money::from_rupees(DEMO_CASH_RUPEES)
}

fn demo_holdings(user_id: &str) -> Vec<HoldingSetup> {
    let own = DEMO_HOLDINGS.iter().filter(|(owner, ..)| *owner == user_id);
    own.filter_map(|(_, symbol, quantity, paise)| {
        let symbol: Symbol = symbol.parse().ok()?;
        Some(HoldingSetup { symbol, quantity: *quantity, average_price: Price::from_paise(*paise) })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_a_list_and_what_is_wrong_is_named() {
        let text = r#"[{"userId": "AB1234", "userName": "A B", "apiKey": "k", "apiSecret": "s", "cash": 5000.5,
            "holdings": [{"symbol": "NSE:INFY", "quantity": 3, "averagePrice": 1200.25}]}]"#;
        let accounts = SimAccount::list_from_json(text).unwrap();
        assert_eq!((accounts[0].cash, accounts[0].redirect_url.as_ref()), (Money::from_paise(500_050), None));
        assert_eq!(accounts[0].holdings[0].average_price, Price::from_paise(120_025));
        for (from, to, word) in
            [("userName", "user", "user"), ("[{", "{", "line 1"), ("INFY", "", "names no instrument")]
        {
            let said = SimAccount::list_from_json(&text.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(said.contains(word), "{said}");
        }
    }
}
