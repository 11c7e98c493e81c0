//! What every case shares: an account of its own, signed in, and short ways to say what it does. Knows no case.

use chrono::{DateTime, NaiveDateTime};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    ApiSecret, Call, Error, Exchange, KiteConnect, Order, OrderParams, OrderType, Product, RawResponse,
    Request, TransactionType, UserSession, Variety,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Why a case failed.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
/// How a case ended.
pub type Outcome = Result<(), Fault>;

/// Tokens that Kite itself gives these.
pub const INFY: u32 = 408_065;
/// The index NIFTY 50.
pub const NIFTY: u32 = 256_265;

/// How long anything may take to happen.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks: ten reads a second are allowed.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// India is this far ahead of UTC, in seconds.
const IST_S: i64 = 19_800;

/// A simulator, seen from its control API.
#[derive(Clone)]
pub struct Site {
    base: String,
    plain: KiteConnect,
}

/// One trader of the accounts file.
#[derive(Clone)]
pub struct Account {
    /// The Zerodha id.
    pub user: String,
    /// The app's key; its secret follows from it.
    pub key: String,
}

/// A signed-in trader that no other case uses.
pub struct Desk {
    /// The official client.
    pub kite: KiteConnect,
    /// Who it is.
    pub account: Account,
    /// The simulator.
    pub site: Site,
}

impl Site {
    /// A simulator at an address without a path.
    pub fn new(base: String) -> Result<Self, Fault> {
        // Moving the clock plays the market through what lies between.
        let plain =
            KiteConnect::builder("control").base_url(&base).timeout(Duration::from_secs(120)).build()?;
        Ok(Self { base, plain })
    }

    /// The client of an app, not signed in.
    pub fn client(&self, key: &str) -> Result<KiteConnect, Fault> {
        Ok(KiteConnect::builder(key).base_url(&self.base).build()?)
    }

    /// Where the ticker is.
    pub fn ticker_url(&self) -> Result<url::Url, Fault> {
        Ok(self.base.replacen("http", "ws", 1).parse()?)
    }

    /// `GET` of the control API.
    pub async fn look(&self, path: &str) -> Result<Value, Fault> {
        body(self.plain.call(Request::get(path))).await
    }

    /// `POST` to the control API.
    pub async fn control(&self, path: &str, wish: Value) -> Result<Value, Fault> {
        body(self.plain.call(Request::post(path).json(wish))).await
    }

    /// Moves the clock forward.
    pub async fn set_clock(&self, to: &str) -> Result<Value, Fault> {
        body(self.plain.call(Request::put("/sim/clock").json(json!({ "now": to })))).await
    }

    /// What the exchange's clock shows, in India.
    pub async fn now(&self) -> Result<NaiveDateTime, Fault> {
        let micros = self.look("/sim/clock").await?["now"].as_i64().ok_or("the clock has no time")?;
        let now = DateTime::from_timestamp(micros.div_euclid(1_000_000) + IST_S, 0).ok_or("no such time")?;
        Ok(now.naive_utc())
    }

    /// Everybody who may sign in and has no peculiarity.
    pub async fn accounts(&self) -> Result<Vec<Account>, Fault> {
        let rows = self.look("/sim/accounts").await?;
        let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let all = rows.as_array().into_iter().flatten();
        let all = all.map(|row| Account { user: word(row, "userId"), key: word(row, "apiKey") });
        let plain: Vec<Account> = all.filter(|account| account.user.starts_with("WT")).collect();
        if plain.is_empty() {
            Err("the simulator was not started with the accounts of tests/run".into())
        } else {
            Ok(plain)
        }
    }

    /// A login page passed: a request token.
    pub async fn request_token(&self, account: &Account) -> Result<String, Fault> {
        let answer = self.control("/sim/request-token", json!({ "apiKey": account.key })).await?;
        Ok(answer["requestToken"].as_str().ok_or("no request token came")?.to_owned())
    }

    /// The whole login of a trader.
    pub async fn sign_in(&self, account: &Account) -> Result<Desk, Fault> {
        let (kite, _) = self.session(account).await?;
        Ok(Desk { kite, account: account.clone(), site: self.clone() })
    }

    /// The same, with what the exchange of tokens said.
    pub async fn session(&self, account: &Account) -> Result<(KiteConnect, UserSession), Fault> {
        let mut kite = self.client(&account.key)?;
        let token = self.request_token(account).await?;
        let session = kite.generate_session(&token, &account.secret()?).await?;
        kite.set_access_token(session.access_token.clone());
        Ok((kite, session))
    }

    /// A price that is as it was a moment ago, not limited like quotes are.
    pub async fn last_price(&self, symbol: &str) -> Result<f64, Fault> {
        let rows = self.look("/sim/instruments").await?;
        let row = rows.as_array().into_iter().flatten().find(|row| row["symbol"] == symbol);
        Ok(row.and_then(|row| row["lastPrice"].as_f64()).ok_or_else(|| format!("{symbol} has no price"))?)
    }
}

impl Account {
    /// The app's secret.
    pub fn secret(&self) -> Result<ApiSecret, Fault> {
        Ok(ApiSecret::new(format!("{}-secret", self.key))?)
    }
}

impl Desk {
    /// Places a regular order.
    pub async fn place(&self, params: OrderParams) -> Result<String, Fault> {
        Ok(self.kite.place_order(Variety::Regular, params).await?.order_id)
    }

    /// An order once it has one of these states.
    pub async fn settled(&self, order_id: &str, states: &[&str]) -> Result<Order, Fault> {
        let until = Instant::now() + PATIENCE;
        loop {
            let orders = self.kite.orders().await?;
            let order = orders.into_iter().find(|order| order.order_id == order_id);
            let order = order.ok_or_else(|| format!("{order_id} is not in the book"))?;
            if states.contains(&order.status.as_str()) {
                return Ok(order);
            }
            if Instant::now() > until {
                return Err(format!("{}, never {states:?}: {:?}", order.status, order.status_message).into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Places and waits until it has filled.
    pub async fn filled(&self, params: OrderParams) -> Result<Order, Fault> {
        let order_id = self.place(params).await?;
        self.settled(&order_id, &["COMPLETE"]).await
    }

    /// A price three percent below the market, on the tick.
    pub async fn far_below(&self) -> Result<f64, Fault> {
        Ok((self.site.last_price("NSE:INFY").await? * 0.97).round())
    }
}

/// One share of INFY at the market, intraday, protected.
pub fn market(side: TransactionType) -> OrderParams {
    order("INFY", side).order_type(OrderType::Market).market_protection(-1.0)
}

/// One share of INFY at a price.
pub fn limit(side: TransactionType, price: f64) -> OrderParams {
    order("INFY", side).order_type(OrderType::Limit).price(price)
}

/// One share, intraday, without a type.
pub fn order(symbol: &str, side: TransactionType) -> OrderParams {
    let params = OrderParams::new().exchange(Exchange::Nse).tradingsymbol(symbol).transaction_type(side);
    params.quantity(1).product(Product::Mis)
}

/// The refusal of a kind that a call must bring.
pub async fn refused<T: Send + 'static>(
    call: Call<T>,
    kind: ErrorKind,
) -> Result<kiteconnect::error::ApiError, Fault> {
    match call.await {
        Err(Error::Api(error)) if error.kind == kind => Ok(error),
        Err(other) => Err(format!("not {kind}: {other}").into()),
        Ok(_) => Err(format!("no {kind} came").into()),
    }
}

/// Equal to the paisa.
pub fn same(left: f64, right: f64) -> bool {
    (left - right).abs() < 0.01
}

async fn body(call: Call<Value>) -> Result<Value, Fault> {
    let answer: RawResponse = call.response().await?;
    Ok(serde_json::from_slice(answer.body())?)
}
