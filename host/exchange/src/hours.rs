//! What the phase of a market means for a new order, in Kite's words: regular orders and after-market ones (reference
//! §7.3, §7.7, §15).

use crate::board::Board;
use crate::order::PlaceOrder;
use crate::pit::{AfterHours, Phase};
use crate::refusal::Refusal;
use crate::validate::{READ_MORE, check_trigger_side};
use market::{OrderRequest, Product, Validity, Variety};

/// How the market stands for a new order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hours {
    pub(crate) phase: Phase,
    /// There is a session today at all.
    pub(crate) session_today: bool,
    /// Whether after-market orders are taken.
    pub(crate) after_hours: AfterHours,
}

/// Checks whether the market takes an order now.
pub(crate) fn check_hours(order: &PlaceOrder, board: &Board, hours: Hours) -> Result<(), Refusal> {
    let request = &order.request;
    if request.variety == Variety::Amo {
        return check_after_hours(hours);
    }
    match hours.phase {
        Phase::Continuous => check_trigger_side(request.side, request.kind, request.trigger, board.last),
        Phase::Collecting => check_plain(order, "pre-open"),
        Phase::Closing if request.product == Product::Mis => {
            Err(Refusal::input("MIS (intraday) orders are not allowed in the closing session. Use CNC."))
        }
        Phase::Closing => check_plain(order, "closing"),
        Phase::Matched => Err(closed(
            "The pre-open session has ended and continuous trading has not begun. Place the order once it has.",
        )),
        Phase::Closed if request.product == Product::Mis && !hours.session_today => Err(closed(
            "MIS (intraday) are blocked as the markets are not open for trading today. Try placing an AMO order.",
        )),
        Phase::Closed | Phase::Paused => Err(closed(&format!(
            "Markets are closed right now. Use GTT for placing long standing orders instead. {READ_MORE}"
        ))),
    }
}

/// True for what a call auction takes: a price or the market's, for the day, all of it shown.
pub(crate) fn is_plain(request: &OrderRequest, disclosed_quantity: u32) -> bool {
    !request.kind.needs_trigger()
        && request.validity == Validity::Day
        && disclosed_quantity == 0
        && matches!(request.variety, Variety::Regular | Variety::Amo)
}

fn check_plain(order: &PlaceOrder, session: &str) -> Result<(), Refusal> {
    if is_plain(&order.request, order.disclosed_quantity) && order.ttl_minutes.is_none() {
        return Ok(());
    }
    Err(Refusal::input(format!(
        "Only regular LIMIT and MARKET orders with DAY validity and without disclosed quantity are allowed in the {session} session. Place the order once the market is open."
    )))
}

fn check_after_hours(hours: Hours) -> Result<(), Refusal> {
    match hours.after_hours {
        AfterHours::Taken => Ok(()),
        AfterHours::Never => Err(Refusal::input(
            "After market orders (AMO) are accepted only while the market is closed. Place a regular order.",
        )),
        AfterHours::Between { from_seconds, until_seconds } => {
            let (from, until) = (clock(from_seconds), clock(until_seconds));
            let instead = match hours.phase {
                Phase::Continuous | Phase::Collecting | Phase::Closing => " Place a regular order.",
                Phase::Closed | Phase::Paused | Phase::Matched => "",
            };
            Err(Refusal::input(format!(
                "After market orders (AMO) are accepted only while the market is closed, from {from} to {until}.{instead}"
            )))
        }
    }
}

fn closed(message: &str) -> Refusal {
    Refusal::input(message).with_hint("switch_to_amo")
}

fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)
}
