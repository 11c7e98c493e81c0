//! What the order path decided, as entries of the audit: they stand in the same transaction.

use crate::audit::{Actor, AuditAction, AuditEntry};
use ::orders::{CallKind, Settlement, StoredOrder, Why, Write};
use market::{OrderState, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What the rows of orders do not tell: where they leave from, and which bytes asked for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Circumstances {
    /// The way out that is set, in words.
    pub(super) way: String,
    /// The address that was proved last.
    pub(super) address: Option<IpAddr>,
    /// SHA-256 of the component that each run runs.
    pub(super) components: Arc<BTreeMap<String, String>>,
    /// Whose word ends an order in this step.
    pub(super) settled: Option<Settled>,
}

/// A person's word for what became of an order of which nobody could tell.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// Of which order.
    pub(crate) id: i64,
    /// What became of it.
    pub(crate) settlement: Settlement,
    /// How they know.
    pub(crate) reason: String,
    /// Who says so.
    pub(crate) actor: Actor,
}

/// One entry for each change of an order's way, and for what was decided about the whole account.
pub(super) fn audited(writes: &[Write], at: Timestamp, around: &Circumstances) -> Vec<AuditEntry> {
    let mut entries: Vec<_> = writes.iter().filter_map(|write| entry(write, at, around)).collect();
    let leaves = |action| matches!(action, AuditAction::OrderSending | AuditAction::CallLeft);
    for entry in entries.iter_mut().filter(|entry| leaves(entry.action)) {
        entry.details["way"] = json!(around.way);
        entry.details["leavesFrom"] = json!(around.address);
    }
    for entry in &mut entries {
        let run = entry.details["runId"].as_str();
        if let Some(sha256) = run.and_then(|run| around.components.get(run)) {
            entry.details["component"] = json!(sha256);
        }
    }
    entries
}

fn entry(write: &Write, at: Timestamp, around: &Circumstances) -> Option<AuditEntry> {
    let entry =
        |actor, action, subject: String, details| Some(AuditEntry { at, actor, action, subject, details });
    match write {
        Write::Insert(order) => {
            let actor = if order.is_exit { Actor::Host } else { Actor::Run(order.record.run_id.clone()) };
            entry(actor, first(order), order.record.id.to_string(), asked(order))
        }
        Write::Update { order, answer } => {
            let id = order.record.id;
            if let Some(word) = around.settled.as_ref().filter(|word| word.id == id) {
                return entry(
                    word.actor.clone(),
                    AuditAction::OrderSettled,
                    id.to_string(),
                    settled(order, word),
                );
            }
            let (actor, action) = changed(order, answer.as_ref());
            entry(actor, action, id.to_string(), way(order, answer.as_ref()))
        }
        Write::Answered { id, run_id, number, why } => {
            let mut details = words_of(why.as_ref());
            (details["runId"], details["brokerOrderId"]) = (json!(run_id), json!(number));
            entry(Actor::Broker, AuditAction::OrderAnswered, id.to_string(), details)
        }
        Write::Wish { id, by_run } => {
            let actor = by_run.clone().map_or(Actor::Host, Actor::Run);
            entry(actor, AuditAction::WithdrawalAsked, id.to_string(), json!({}))
        }
        Write::Call { id, run_id, at: _, what } => {
            entry(Actor::Host, AuditAction::CallLeft, id.to_string(), call(run_id, what))
        }
        Write::CallAnswered { id, left, why } => {
            let actor = if *left { Actor::Broker } else { Actor::Host };
            entry(actor, AuditAction::CallAnswered, id.to_string(), answered(*left, why.as_ref()))
        }
        Write::Risk { latch: Some(latch), .. } => {
            let details = json!({ "dayPnl": latch.day_pnl, "since": latch.since.rfc3339_ist() });
            entry(Actor::Host, AuditAction::LatchClosed, "gate".to_owned(), details)
        }
        Write::Foreign(foreign) => {
            let details = json!({ "tag": foreign.tag, "number": foreign.number, "order": foreign.text });
            entry(Actor::Host, AuditAction::Halted, "account".to_owned(), details)
        }
        // Who decided these is known where they were asked for, and is written with them.
        Write::Switch { .. }
        | Write::Risk { latch: None, .. }
        | Write::ForeignAccepted { .. }
        | Write::Trades(_)
        | Write::Adopt { .. } => None,
    }
}

/// What a change or a withdrawal asks of the broker.
fn call(run_id: &str, what: &CallKind) -> Value {
    match what {
        CallKind::Change(change) => json!({ "runId": run_id, "call": "change", "change": change }),
        CallKind::Withdrawal => json!({ "runId": run_id, "call": "withdrawal" }),
    }
}

/// What became of it.
fn answered(left: bool, why: Option<&Why>) -> Value {
    let mut details = words_of(why);
    details["left"] = json!(left);
    details
}

/// What the broker said of it, where it was not simply taken.
fn words_of(why: Option<&Why>) -> Value {
    let Some(why) = why else { return json!({}) };
    json!({ "message": why.text, "httpStatus": why.http_status, "errorType": why.error_type })
}

/// How an order stands by a person's word.
fn settled(order: &StoredOrder, word: &Settled) -> Value {
    let mut details = way(order, None);
    details["settlement"] = json!(word.settlement);
    details["reason"] = json!(word.reason);
    details
}

fn first(order: &StoredOrder) -> AuditAction {
    match order.record.state {
        OrderState::Refused => AuditAction::OrderRefused,
        OrderState::Sending => AuditAction::OrderSending,
        OrderState::Intent
        | OrderState::Ambiguous
        | OrderState::Abandoned
        | OrderState::Acked
        | OrderState::Open
        | OrderState::TriggerPending
        | OrderState::Partial
        | OrderState::Complete
        | OrderState::Cancelled
        | OrderState::Rejected
        | OrderState::Absent
        | OrderState::Escalated => AuditAction::OrderIntent,
    }
}

fn changed(order: &StoredOrder, answer: Option<&Why>) -> (Actor, AuditAction) {
    match order.record.state {
        OrderState::Sending => (Actor::Host, AuditAction::OrderSending),
        OrderState::Refused | OrderState::Abandoned => (Actor::Host, AuditAction::OrderRefused),
        OrderState::Escalated => (Actor::Host, AuditAction::OrderEscalated),
        OrderState::Acked | OrderState::Ambiguous => (Actor::Broker, AuditAction::OrderAnswered),
        OrderState::Rejected if answer.is_some() => (Actor::Broker, AuditAction::OrderAnswered),
        OrderState::Intent | OrderState::Absent => (Actor::Host, AuditAction::OrderChanged),
        OrderState::Open
        | OrderState::TriggerPending
        | OrderState::Partial
        | OrderState::Complete
        | OrderState::Cancelled
        | OrderState::Rejected => (Actor::Broker, AuditAction::OrderChanged),
    }
}

/// Everything that was asked for.
fn asked(order: &StoredOrder) -> Value {
    let o = &order.record;
    let mut details = way(order, None);
    let more = json!({
        "runOrderId": o.run_order_id, "mode": o.mode, "symbol": o.symbol.to_string(),
        "side": o.side, "kind": o.kind, "product": o.product, "quantity": o.quantity, "trigger": o.trigger,
        "isExit": order.is_exit,
    });
    if let (Value::Object(details), Value::Object(more)) = (&mut details, more) {
        details.extend(more);
    }
    details
}

/// Where it stands.
fn way(order: &StoredOrder, answer: Option<&Why>) -> Value {
    let o = &order.record;
    let mut details = json!({
        "runId": o.run_id, "tag": o.tag, "state": o.state, "filled": o.filled, "price": o.price, "brokerOrderId": o.broker_order_id,
    });
    let mut put = |name: &str, value: Value| {
        details[name] = value;
    };
    if !o.message.is_empty() {
        put("message", json!(o.message));
    }
    if let Some(why) = answer {
        put("httpStatus", json!(why.http_status));
        put("errorType", json!(why.error_type));
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::orders::{Mode, OrderRecord, RefusalCode};
    use market::{OrderKind, Price, Product, Side, Validity, Variety};

    fn sending() -> StoredOrder {
        let at = Timestamp::from_micros(0);
        let record = OrderRecord {
            id: 7,
            run_id: "r".to_owned(),
            strategy_id: "s".to_owned(),
            run_order_id: 1,
            tag: "T".repeat(20),
            broker_order_id: None,
            date: at.date(),
            mode: Mode::Live,
            symbol: "NSE:INFY".parse().unwrap(),
            side: Side::Buy,
            kind: OrderKind::Market,
            product: Product::Mis,
            validity: Validity::Day,
            variety: Variety::Regular,
            quantity: 1,
            filled: 0,
            price: Price::ZERO,
            trigger: Price::ZERO,
            market_protection: -1,
            average_price: Price::ZERO,
            state: OrderState::Sending,
            refusal: RefusalCode::None,
            message: String::new(),
            created_at: at,
            updated_at: at,
        };
        StoredOrder::new(record, -1, Some(at))
    }

    #[test]
    fn an_order_that_leaves_tells_from_where_and_under_which_bytes() {
        let order = sending();
        let around = Circumstances {
            way: "from 10.0.0.2".to_owned(),
            address: Some("203.0.113.7".parse().unwrap()),
            components: Arc::new([(order.record.run_id.clone(), "ab".repeat(32))].into()),
            settled: None,
        };
        let entries = audited(&[Write::Insert(Arc::new(order))], Timestamp::from_micros(0), &around);
        assert_eq!(entries.len(), 1);
        let details = &entries[0].details;
        assert_eq!(
            (&details["way"], &details["leavesFrom"]),
            (&json!("from 10.0.0.2"), &json!("203.0.113.7"))
        );
        assert_eq!(details["component"], "ab".repeat(32));
        assert!(details["tag"].is_string(), "{details}");
    }

    #[test]
    fn an_answer_that_came_after_the_tickers_word_is_remembered_all_the_same() {
        let (id, run_id) = (7, "r".to_owned());
        let number = Some("B1".to_owned());
        let writes = [Write::Answered { id, run_id, number, why: None }];
        let entries = audited(&writes, Timestamp::from_micros(0), &Circumstances::default());
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((&entry.actor, entry.action), (&Actor::Broker, AuditAction::OrderAnswered));
        assert_eq!(entry.details["brokerOrderId"], "B1");
    }

    #[test]
    fn a_persons_word_is_theirs_and_not_the_brokers_and_of_no_other_order() {
        let mut order = sending();
        order.record.state = OrderState::Absent;
        let mut other = order.clone();
        other.record.id = 8;
        let writes = [order, other].map(|order| Write::Update { order: Arc::new(order), answer: None });
        let (settlement, reason) = (Settlement::Absent, "Kite lacks it".to_owned());
        let settled = Some(Settled { id: 7, settlement, reason, actor: Actor::Operator });
        let around = Circumstances { settled, ..Circumstances::default() };
        let entries = audited(&writes, Timestamp::from_micros(0), &around);
        let told: Vec<_> = entries.iter().map(|entry| (&entry.actor, entry.action)).collect();
        let expected =
            [(&Actor::Operator, AuditAction::OrderSettled), (&Actor::Host, AuditAction::OrderChanged)];
        assert_eq!(told, expected);
        let details = &entries[0].details;
        assert_eq!(
            (&details["settlement"], &details["reason"], &details["state"]),
            (&json!("absent"), &json!("Kite lacks it"), &json!("absent"))
        );
    }

    #[test]
    fn a_change_tells_who_asked_what_it_was_from_where_it_left_and_how_it_was_answered() {
        let (id, run_id, at) = (7, "r".to_owned(), Timestamp::from_micros(0));
        let change = market::Change { quantity: Some(20), ..market::Change::default() };
        let why = Why { text: "no".into(), http_status: Some(400), ..Why::default() };
        let writes = [
            Write::Wish { id, by_run: Some(run_id.clone()) },
            Write::Call { id, run_id: run_id.clone(), at, what: CallKind::Change(change) },
            Write::CallAnswered { id, left: true, why: Some(why) },
        ];
        let around = Circumstances { way: "from 10.0.0.2".to_owned(), ..Circumstances::default() };
        let entries = audited(&writes, at, &around);
        assert_eq!(entries[0].actor, Actor::Run(run_id));
        let left = &entries[1].details;
        assert_eq!((&left["change"]["quantity"], &left["way"]), (&json!(20), &json!("from 10.0.0.2")));
        assert!(entries[2].actor == Actor::Broker && entries[2].details["httpStatus"] == 400);
    }
}
