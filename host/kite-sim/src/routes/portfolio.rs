//! `/portfolio/…`: positions, conversion, holdings.

use crate::broker::Broker;
use crate::calls::{Params, Signed};
use crate::consents::Asked;
use crate::reply::{Answer, Refusal, success};
use crate::routes::orders::symbol;
use crate::sessions::Sessions;
use crate::view::portfolio::{
    AuctionRow, AuthoriseRequest, CompactHolding, HoldingRow, HoldingsSummary, PositionLists, PositionRow,
};
use axum::extract::State;
use exchange::{ConvertPosition, Holding};

/// Letters and digits of a share's international number.
const ISIN_LENGTH: usize = 12;

pub(crate) async fn positions(State(broker): State<Broker>, call: Signed) -> Answer {
    let lists = broker.exchange(|exchange| exchange.positions(&call.user_id));
    let net = lists.net.iter().map(PositionRow::from).collect();
    let day = lists.day.iter().map(PositionRow::from).collect();
    success(PositionLists { net, day })
}

pub(crate) async fn convert(State(broker): State<Broker>, call: Signed) -> Answer {
    let params = &call.params;
    let overnight = match params.required("position_type")? {
        "day" => false,
        "overnight" => true,
        _ => return Err(Refusal::input("Invalid `position_type`.")),
    };
    let wish = ConvertPosition {
        symbol: symbol(params)?,
        side: params.required_parsed("transaction_type")?,
        overnight,
        quantity: params.count("quantity")?.unwrap_or(0),
        old_product: params.required_parsed("old_product")?,
        new_product: params.required_parsed("new_product")?,
    };
    broker.exchange(|exchange| exchange.convert(&call.user_id, &wish))?;
    success(true)
}

pub(crate) async fn holdings(State(broker): State<Broker>, call: Signed) -> Answer {
    let now = broker.now();
    let holdings = broker.exchange(|exchange| exchange.holdings(&call.user_id));
    success(holdings.iter().map(|holding| HoldingRow::new(holding, now)).collect::<Vec<_>>())
}

pub(crate) async fn holdings_summary(State(broker): State<Broker>, call: Signed) -> Answer {
    success(HoldingsSummary::of(&broker.exchange(|exchange| exchange.holdings(&call.user_id))))
}

pub(crate) async fn holdings_compact(State(broker): State<Broker>, call: Signed) -> Answer {
    let holdings = broker.exchange(|exchange| exchange.holdings(&call.user_id));
    success(holdings.iter().map(CompactHolding::from).collect::<Vec<_>>())
}

/// What of the holdings is in auction today.
pub(crate) async fn auctions(State(broker): State<Broker>, call: Signed) -> Answer {
    let now = broker.now();
    let held = broker.exchange(|exchange| exchange.auctioned_holdings(&call.user_id));
    success(held.iter().map(|(holding, number)| AuctionRow::new(holding, *number, now)).collect::<Vec<_>>())
}

/// Asks for the holder's word; the answer names the page where it is given.
pub(crate) async fn authorise(State(broker): State<Broker>, call: Signed) -> Answer {
    let holdings = broker.exchange(|exchange| exchange.holdings(&call.user_id));
    let shares = wanted(&call.params, &holdings)?;
    let api_key = broker.account(&call.user_id).map(|account| account.api_key.clone()).unwrap_or_default();
    let asked = Asked { api_key, user_id: call.user_id, shares };
    let (request_id, now) = (broker.sessions(Sessions::random_word), broker.now());
    broker.consents(|consents| consents.ask(request_id.clone(), asked, now));
    success(AuthoriseRequest { request_id })
}

/// The shares of repeated `isin` and `quantity`, or all that are held.
fn wanted(params: &Params, holdings: &[Holding]) -> Result<Vec<(String, u32)>, Refusal> {
    let (isins, quantities): (Vec<_>, Vec<_>) =
        (params.all("isin").collect(), params.all("quantity").collect());
    if isins.is_empty() {
        return Ok(holdings.iter().map(|holding| (holding.isin.clone(), holding.quantity)).collect());
    }
    if isins.len() != quantities.len() {
        return Err(Refusal::input("Invalid `quantity`. There must be one for each `isin`."));
    }
    let share = |(isin, quantity): (&&str, &&str)| {
        if isin.len() != ISIN_LENGTH || !isin.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err(Refusal::input("Invalid `isin`."));
        }
        let units = units(quantity).ok_or_else(|| Refusal::input("Invalid `quantity`."))?;
        Ok(((*isin).to_owned(), units))
    };
    isins.iter().zip(&quantities).map(share).collect()
}

/// A whole number above 0, also where a client prints it as `5.000000`.
fn units(text: &str) -> Option<u32> {
    let number: f64 = text.parse().ok()?;
    let whole = number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number);
    whole.then_some(number as u32)
}
