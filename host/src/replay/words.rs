//! Events, intents and traces in words, for people who compare them.

use market::{Change, Intent, OrderRequest, Tick, Variety};
use sandbox::{Event, GuestOrderStatus, LogLevel, OrderUpdate, OrderView, Trace};
use tenant::OrderRecord;

/// The longest line of what a strategy wrote, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// One trace on one line.
pub(super) fn trace(trace: &Trace) -> String {
    match trace {
        Trace::Intent(wish) => intent(wish),
        Trace::Log { level, text } => format!("log {}: {}", level_word(*level), cut(text)),
        Trace::Pnl { label, amount } => format!("record {}: {amount}", cut(label)),
        Trace::StateSet { key, value } => {
            format!("store {}: {} bytes, {}", cut(key), value.len(), start(value))
        }
        Trace::StateDelete { key } => format!("forget {}", cut(key)),
        Trace::TimerSet { id, at } => format!("timer {id} at {}", at.rfc3339_ist()),
        Trace::TimerCancel { id } => format!("timer {id} cancelled"),
    }
}

/// An intent on one line.
pub(super) fn intent(intent: &Intent) -> String {
    match intent {
        Intent::Place { id, request } => format!("place order {id}: {}", wish(request)),
        Intent::Modify { id, change } => format!("change order {id}:{}", changed(change)),
        Intent::Cancel { id } => format!("cancel order {id}"),
    }
}

/// A request on one line.
pub(super) fn wish(request: &OrderRequest) -> String {
    let OrderRequest { symbol, side, quantity, kind, product, .. } = request;
    let mut text = format!("{side} {quantity} {symbol} {kind} {product}");
    if !request.price.is_zero() {
        text += &format!(" at {}", request.price);
    }
    if !request.trigger.is_zero() {
        text += &format!(" trigger {}", request.trigger);
    }
    text
}

/// An order as its run sees it, on one line.
pub(super) fn view(order: &OrderView) -> String {
    wish(&OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: order.trigger,
        product: order.product,
        validity: order.validity,
        variety: Variety::Regular,
        market_protection: order.market_protection,
    })
}

/// Where an order stands, in one word.
pub(super) fn status(status: GuestOrderStatus) -> String {
    format!("{status:?}").to_lowercase()
}

/// A recorded order's wish on one line.
pub(super) fn wish_of(order: &OrderRecord) -> String {
    wish(&OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: order.trigger,
        product: order.product,
        validity: order.validity,
        variety: order.variety,
        market_protection: order.market_protection,
    })
}

/// A tick on one line.
pub(super) fn tick(tick: &Tick, name: &str) -> String {
    format!("tick {name} {}", tick.last_price)
}

/// An event on one line.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::Order(update) => order(update),
        Event::Timer { id, .. } => format!("timer {id}"),
        Event::Notice { kind, text, .. } => format!("notice {kind:?}: {}", cut(text)),
        Event::Cash { amount } => format!("cash {amount}"),
        Event::Session { now, hours } => match hours {
            Some((open, close)) => {
                format!("session {} {} to {}", now.date(), clock(*open), clock(*close))
            }
            None => format!("session {}: a holiday", now.date()),
        },
        Event::Stop { .. } => "stop".to_owned(),
    }
}

/// An order update on one line.
pub(super) fn order(update: &OrderUpdate) -> String {
    let order = &update.order;
    let mut text =
        format!("order {} {:?}, {} of {} filled", order.id, order.status, order.filled, order.quantity);
    if update.fill_quantity > 0 {
        text += &format!(", {} at {} now", update.fill_quantity, update.fill_price);
    }
    if !order.message.is_empty() {
        text += &format!(": {}", cut(&order.message));
    }
    text
}

/// How serious a line is, in one word.
pub(super) const fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// Text of a strategy, without what would move a terminal and not without end.
pub(super) fn cut(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let mut kept: String = text.chars().take(TEXT_CHARS_MAX).map(shown).collect();
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        kept.push('…');
    }
    kept
}

/// The first bytes of a value, as text where they are, else in hex.
pub(super) fn start(value: &[u8]) -> String {
    const BYTES_SHOWN: usize = 32;
    let head = &value[..value.len().min(BYTES_SHOWN)];
    let more = if value.len() > BYTES_SHOWN { "…" } else { "" };
    match std::str::from_utf8(head) {
        Ok(text) if !text.chars().any(char::is_control) => format!("\"{text}\"{more}"),
        _ => format!("{}{more}", hex::encode(head)),
    }
}

fn changed(change: &Change) -> String {
    let mut text = String::new();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!(" {name} {value}");
        }
    };
    say("quantity", change.quantity.map(|it| it.to_string()));
    say("price", change.price.map(|it| it.to_string()));
    say("trigger", change.trigger.map(|it| it.to_string()));
    say("type", change.kind.map(|it| it.to_string()));
    say("validity", change.validity.map(|it| it.to_string()));
    text
}

fn clock(time: market::Timestamp) -> String {
    time.ist_text().split_off(11)
}
