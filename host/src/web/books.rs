//! Orders, trades, positions and profit and loss: read from the tenant's rows.

use crate::web::body::Asked;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::books::{DayView, OrderView, PnlView, PositionView, TradeView};
use axum::Json;
use axum::extract::State;
use market::TradingDate;
use serde::Deserialize;
use utoipa::IntoParams;

/// The longest range of dates in one answer, in days.
const RANGE_DAYS_MAX: i64 = 366 * 5;

/// One date.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnDate {
    /// An IST date, `YYYY-MM-DD`; every date when absent.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<TradingDate>,
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
    get, path = "/api/orders", tag = "books", params(OnDate),
    responses(
        (status = 200, description = "Newest first", body = Vec<OrderView>),
        (status = 400, description = "That is no date", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn orders(
    SignedIn(tenant): SignedIn,
    Asked(asked): Asked<OnDate>,
) -> Result<Json<Vec<OrderView>>, Problem> {
    let orders = tenant.orders(asked.date).await.map_err(Problem::internal)?;
    Ok(Json(orders.into_iter().map(fill::order).collect()))
}

/// The tenant's fills, newest first.
#[utoipa::path(
    get, path = "/api/trades", tag = "books", params(OnDate),
    responses(
        (status = 200, description = "Newest first", body = Vec<TradeView>),
        (status = 400, description = "That is no date", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn trades(
    SignedIn(tenant): SignedIn,
    Asked(asked): Asked<OnDate>,
) -> Result<Json<Vec<TradeView>>, Problem> {
    let trades = tenant.trades(asked.date).await.map_err(Problem::internal)?;
    Ok(Json(trades.into_iter().map(fill::trade).collect()))
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
    let by_strategy = match asked.by.as_deref() {
        None => false,
        Some("strategy") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "`by={other}` is unknown: leave it out, or use `strategy`"
            )));
        }
    };
    let positions = tenant.positions(by_strategy).await.map_err(Problem::internal)?;
    Ok(Json(positions.into_iter().map(fill::position).collect()))
}

/// Every trading day of a range in numbers.
#[utoipa::path(
    get, path = "/api/daily-stats", tag = "books", params(Range),
    responses(
        (status = 200, description = "Oldest first", body = Vec<DayView>),
        (status = 400, description = "The dates are wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn daily_stats(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(range): Asked<Range>,
) -> Result<Json<Vec<DayView>>, Problem> {
    let (from, to) = range.dates(state.tenants.clock().now().date())?;
    let days = tenant.daily_stats(from, to).await.map_err(Problem::internal)?;
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
