//! What the broker answers to an order: its number, and those of the orders it was cut into.

use crate::answer::clean;
use crate::error::{Error, RefusalKind};
use crate::order_params::BrokerOrderId;
use crate::rows::book::{Record, read_as_record};
use crate::secret::Secret;
use crate::wire::fields::Fields;
use serde_json::Value;

/// An order that the broker took, which means no more than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its number. Of a sliced order this is only the mark that its children carry.
    pub order_id: BrokerOrderId,
    /// The orders it was cut into, each taken or not. [`Error::outcome`] says of each whether it certainly does not exist.
    pub children: Vec<Result<BrokerOrderId, Error>>,
}

impl Record for Placed {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let order_id = fields.needed_record("order_id", order_id)?;
        let children = fields.records("children", |record| Ok(child(record)));
        // Of a sliced order the number is no order: without its children nobody can tell what was taken.
        if let Some(name) = fields.rest().1.first() {
            return Err(format!("`{name}` cannot be read"));
        }
        Ok(Self { order_id, children })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

read_as_record!(Placed);

impl Placed {
    /// This answer with a secret blotted out of every text: a broker may echo what it was sent.
    pub(crate) fn without(self, secret: &Secret) -> Self {
        let children = self.children.into_iter().map(|child| child.map_err(|error| error.without(secret)));
        Self { children: children.collect(), ..self }
    }
}

/// An order number as text and nothing else: a missing, empty or numeric one proves nothing.
fn order_id(value: Value) -> Result<BrokerOrderId, String> {
    serde_json::from_value(value).map_err(|_| "no order number".to_owned())
}

fn child(record: Value) -> Result<BrokerOrderId, Error> {
    let read = Fields::of(record).and_then(|mut fields| match fields.record("error", refusal) {
        Some(_) if fields.text("order_id").is_some() => Err("it has a number and an error".to_owned()),
        Some(refusal) => Ok(Err(refusal)),
        None => fields.needed_record("order_id", order_id).map(Ok),
    });
    read.unwrap_or_else(|reason| Err(Error::unreadable(200, format!("one of its children: {reason}"))))
}

fn refusal(record: Value) -> Result<Error, String> {
    let mut fields = Fields::of(record)?;
    let kind = RefusalKind::from_word(&clean(&fields.text("error_type").unwrap_or_default()));
    let message = clean(&fields.text("message").unwrap_or_else(|| "no reason given".to_owned()));
    Ok(Error::Refused { status: fields.maybe_count("code").unwrap_or_default(), kind, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use serde_json::json;

    #[test]
    fn each_child_is_taken_refused_or_unknown() {
        let refused = |code: u16, kind: &str| json!({"error": {"code": code, "error_type": kind, "message": "No.", "data": null}});
        let answer = json!({"order_id": "1995", "children": [{"order_id": "1996"}, refused(400, "MarginException"),
            refused(500, "OrderException"), {"order_id": 7}, {"error": 5}, null,
            {"order_id": "1997", "error": {"code": 400, "error_type": "MarginException"}}]});
        let placed = Placed::read(answer).unwrap();
        assert_eq!(placed.children.len(), 7);
        assert_eq!(placed.children[0], Ok("1996".parse().unwrap()));
        let outcome = |child: &Result<BrokerOrderId, Error>| child.as_ref().unwrap_err().outcome();
        assert_eq!(outcome(&placed.children[1]), Outcome::DefiniteNo);
        assert_eq!(placed.children[1].as_ref().unwrap_err().to_string(), "No. (MarginException, HTTP 400)");
        assert!(placed.children[2..].iter().all(|child| outcome(child) == Outcome::Unknown));
    }

    #[test]
    fn an_answer_without_a_number_is_none_and_no_child_tells_a_token() {
        for none in
            [json!({}), json!({"order_id": 1995}), json!({"order_id": ""}), json!(["1995"]), json!(null)]
        {
            assert!(Placed::read(none.clone()).is_err(), "{none}");
        }
        let echo = json!({"order_id": "1", "children": [{"error": {"message": "bad t0ken", "error_type": "t0ken"}}]});
        let placed = Placed::read(echo).unwrap().without(&Secret::new("t0ken"));
        assert!(!format!("{placed:?}").contains("t0ken"), "{placed:?}");
        assert_eq!(Placed::read(json!({"order_id": "1995", "children": null})).unwrap().children, []);
        let unlisted = json!({"order_id": "1995", "children": {"0": {"order_id": "1996"}}});
        assert!(Placed::read(unlisted).unwrap_err().contains("children"), "nobody can tell what was taken");
    }
}
