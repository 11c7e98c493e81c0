//! Orders, trades, positions and profit and loss: read from the tenant's rows.

use crate::web::body::Asked;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::books::{DayView, OrderView, PnlView, PositionView, TradeView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use market::TradingDate;
use serde::Deserialize;
use tenant::Cut;
use utoipa::IntoParams;

/// The longest range of dates in one answer, in days.
const RANGE_DAYS_MAX: i64 = 366 * 5;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersAsked {
    /// An IST date, `YYYY-MM-DD`; every date when absent.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<TradingDate>,
    /// Those of one state alone, such as `escalated`.
    state: Option<String>,
}

/// A range of dates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// The first IST date, `YYYY-MM-DD`; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<TradingDate>,
    /// The last IST date; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<TradingDate>,
}

/// How positions are cut.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct By {
    /// `strategy` gives one position a strategy and instrument.
    by: Option<String>,
}

/// Which days, and whose.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DaysAsked {
    /// The first IST date, `YYYY-MM-DD`; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<TradingDate>,
    /// The last IST date; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<TradingDate>,
    /// `strategy` gives one row a day and strategy, and one for what was traded by hand.
    by: Option<String>,
    /// One strategy's days alone.
    strategy_id: Option<String>,
}

/// Which trades.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TradesAsked {
    /// An IST date, `YYYY-MM-DD`; every date when absent.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<TradingDate>,
    /// At most so many; as many as one answer holds when absent.
    limit: Option<u32>,
    /// After so many newer ones.
    offset: Option<u32>,
}

impl TradesAsked {
    /// Where the trades after these are.
    fn next(&self, shown: usize) -> String {
        let mut query = vec![format!("offset={}", self.offset.unwrap_or(0) as usize + shown)];
        query.extend(self.limit.map(|limit| format!("limit={limit}")));
        query.extend(self.date.map(|date| format!("date={date}")));
        format!("</api/trades?{}>; rel=\"next\"", query.join("&"))
    }
}

/// True for `by=strategy`, false when nothing is said.
fn by_strategy(by: Option<&str>) -> Result<bool, Problem> {
    match by {
        None => Ok(false),
        Some("strategy") => Ok(true),
        Some(other) => {
            Err(Problem::bad_request(format!("`by={other}` is unknown: leave it out, or use `strategy`")))
        }
    }
}

impl Range {
    fn dates(&self, today: TradingDate) -> Result<(TradingDate, TradingDate), Problem> {
        let to = self.to.unwrap_or_else(|| self.from.unwrap_or(today).max(today));
        let from = self.from.unwrap_or(to.min(today));
        let days = to.midnight().micros_since(from.midnight()) / 86_400_000_000;
        if days < 0 {
            return Err(Problem::bad_request(format!("`from` {from} lies after `to` {to}")));
        }
        if days > RANGE_DAYS_MAX {
            return Err(Problem::bad_request(format!(
                "at most {RANGE_DAYS_MAX} days may be asked for at once"
            )));
        }
        Ok((from, to))
    }
}

/// The tenant's orders, newest first, from the wish to the end of each.
#[utoipa::path(
    get, path = "/api/orders", tag = "books", params(OrdersAsked),
    responses(
        (status = 200, description = "Newest first", body = Vec<OrderView>),
        (status = 400, description = "That is no date, or no state of an order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn orders(
    SignedIn(tenant): SignedIn,
    Asked(asked): Asked<OrdersAsked>,
) -> Result<Json<Vec<OrderView>>, Problem> {
    let orders = match asked.state.as_deref() {
        None => tenant.orders(asked.date).await,
        Some(word) => {
            let unknown = |_| Problem::bad_request(format!("`state={word}` is no state of an order"));
            tenant.orders_in_state(word.parse().map_err(unknown)?, asked.date).await
        }
    };
    let orders = orders.map_err(Problem::internal)?;
    Ok(Json(orders.into_iter().map(fill::order).collect()))
}

/// The tenant's fills, newest first. Where there are more, the `Link` header says where.
#[utoipa::path(
    get, path = "/api/trades", tag = "books", params(TradesAsked),
    responses(
        (status = 200, description = "Newest first", body = Vec<TradeView>,
            headers(("Link" = String, description = "Where the next page is, when there is one: rel=\"next\""))),
        (status = 400, description = "That is no date", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn trades(
    SignedIn(tenant): SignedIn,
    Asked(asked): Asked<TradesAsked>,
) -> Result<(HeaderMap, Json<Vec<TradeView>>), Problem> {
    let page = tenant.trades_page(asked.date, asked.limit, asked.offset.unwrap_or(0)).await;
    let (trades, has_more) = page.map_err(Problem::internal)?;
    let mut headers = HeaderMap::new();
    if has_more && let Ok(next) = HeaderValue::from_str(&asked.next(trades.len())) {
        headers.insert(header::LINK, next);
    }
    Ok((headers, Json(trades.into_iter().map(fill::trade).collect())))
}

/// Today's positions, by Kite's own formulas.
#[utoipa::path(
    get, path = "/api/positions", tag = "books", params(By),
    responses(
        (status = 200, description = "One an instrument and product", body = Vec<PositionView>),
        (status = 400, description = "Positions are not cut that way", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn positions(
    SignedIn(tenant): SignedIn,
    Asked(asked): Asked<By>,
) -> Result<Json<Vec<PositionView>>, Problem> {
    let by_strategy = by_strategy(asked.by.as_deref())?;
    let positions = tenant.positions(by_strategy).await.map_err(Problem::internal)?;
    let unknown_since = tenant.unknown_since();
    Ok(Json(positions.into_iter().map(|position| fill::position(position, unknown_since)).collect()))
}

/// Every trading day of a range in numbers: of the account, by strategy, or of one strategy.
#[utoipa::path(
    get, path = "/api/daily-stats", tag = "books", params(DaysAsked),
    responses(
        (status = 200, description = "Oldest first", body = Vec<DayView>),
        (status = 400, description = "The dates are wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn daily_stats(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(asked): Asked<DaysAsked>,
) -> Result<Json<Vec<DayView>>, Problem> {
    let range = Range { from: asked.from, to: asked.to };
    let (from, to) = range.dates(state.tenants.clock().now().date())?;
    let cut = match (asked.strategy_id, by_strategy(asked.by.as_deref())?) {
        (Some(id), _) => Cut::Strategy(id),
        (None, true) => Cut::ByStrategy,
        (None, false) => Cut::Account,
    };
    let days = tenant.daily_stats(from, to, &cut).await.map_err(Problem::internal)?;
    Ok(Json(days.into_iter().map(fill::day).collect()))
}

/// Profit and loss of a range, in all, by strategy and by date, beside what strategies noted themselves.
#[utoipa::path(
    get, path = "/api/pnl", tag = "books", params(Range),
    responses(
        (status = 200, description = "To the paisa", body = PnlView),
        (status = 400, description = "The dates are wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pnl(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(range): Asked<Range>,
) -> Result<Json<PnlView>, Problem> {
    let (from, to) = range.dates(state.tenants.clock().now().date())?;
    let report = tenant.pnl(from, to).await.map_err(Problem::internal)?;
    Ok(Json(fill::pnl(report)))
}
