//! A list of the broker's records: those that can be read, and beside them those that cannot.
//!
//! A list with a hole proves no absence, so the hole is part of the answer and not an error of it.

use crate::answer::clean;
use crate::error::Error;
use serde_json::Value;
use std::collections::BTreeMap;

/// The day's records of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book<T> {
    /// The records that can be read, in the order sent.
    pub rows: Vec<T>,
    /// Those that cannot. While there are any, nothing may be concluded from what `rows` lacks.
    pub unreadable: Vec<UnreadableRow>,
    /// How often each field of the readable ones stood at its default because it could not be read.
    pub odd_fields: BTreeMap<&'static str, u32>,
}

/// A record that could not be read, as far as it says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The order's number, where that much is there.
    pub order_id: Option<String>,
    /// The mark of the order, where that much is there.
    pub tag: Option<String>,
    /// What is wrong with it, without its content.
    pub reason: String,
}

/// A kind of record.
pub(crate) trait Record: Sized {
    /// The record, or what is wrong with it, without its content.
    fn read(record: Value) -> Result<Self, String>;
    /// The fields that could not be read.
    fn odd(&self) -> &[&'static str];
}

/// Lets serde read a record wherever one stands.
macro_rules! read_as_record {
    ($($row:ty),+ $(,)?) => {
        $(impl<'de> serde::Deserialize<'de> for $row {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let record = serde_json::Value::deserialize(from)?;
                $crate::rows::book::Record::read(record).map_err(serde::de::Error::custom)
            }
        })+
    };
}

pub(crate) use read_as_record;

impl<T> Book<T> {
    /// All the records, or an error that says what is wrong with the first that cannot be read: for whoever would take a
    /// missing record for one of zero.
    ///
    /// # Errors
    /// When one record cannot be read.
    pub fn whole(self) -> Result<Vec<T>, Error> {
        match self.unreadable.first() {
            None => Ok(self.rows),
            Some(UnreadableRow { reason, .. }) => {
                let count = self.unreadable.len();
                Err(Error::unreadable(
                    200,
                    format!("{count} of its records cannot be read, the first: {reason}"),
                ))
            }
        }
    }

    /// True when every record could be read: only then does a missing one prove anything.
    pub fn is_whole(&self) -> bool {
        self.unreadable.is_empty()
    }
}

/// Every record of a list, on one side or the other.
pub(crate) fn read_book<T: Record>(records: Vec<Value>) -> Book<T> {
    let mut book = Book { rows: Vec::new(), unreadable: Vec::new(), odd_fields: BTreeMap::new() };
    for record in records {
        let word = |name: &str| Some(clean(record.get(name)?.as_str()?)).filter(|word| !word.is_empty());
        let (order_id, tag) = (word("order_id"), word("tag"));
        let row = match T::read(record) {
            Ok(row) => row,
            Err(reason) => {
                book.unreadable.push(UnreadableRow { order_id, tag, reason });
                continue;
            }
        };
        for name in row.odd() {
            *book.odd_fields.entry(name).or_default() += 1;
        }
        book.rows.push(row);
    }
    book
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::order::OrderRow;
    use serde_json::json;

    #[test]
    fn a_record_that_cannot_be_read_stands_beside_the_others() {
        let book = read_book::<OrderRow>(vec![
            json!({"order_id": "1", "status": "OPEN", "quantity": 1, "filled_quantity": 0, "tag": []}),
            json!({"order_id": "2", "status": "OPEN", "quantity": null, "filled_quantity": 0, "tag": "BH7Q2"}),
            json!("nonsense"),
            json!({"order_id": "3", "status": "OPEN", "quantity": 1, "filled_quantity": 0, "tags": [null, 1.5]}),
        ]);
        let read: Vec<_> = book.rows.iter().map(|row| row.order_id.as_str()).collect();
        assert_eq!(read, ["1", "3"]);
        assert!(!book.is_whole());
        let error = book.clone().whole().unwrap_err().to_string();
        assert!(
            error.contains("2 of its records cannot be read, the first: `quantity` is missing"),
            "{error}"
        );
        assert_eq!(book.odd_fields, BTreeMap::from([("tag", 1), ("tags", 1)]));
        let [second, third] = <[_; 2]>::try_from(book.unreadable).unwrap();
        assert_eq!((second.order_id.as_deref(), second.tag.as_deref()), (Some("2"), Some("BH7Q2")));
        assert_eq!(second.reason, "`quantity` is missing");
        assert_eq!((third.order_id, third.reason.as_str()), (None, "a record expected, found text"));
    }
}
