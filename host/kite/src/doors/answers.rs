//! Every answer of the REST interface: what is no success gives no data, what is no certain *no* is told as unknown, and no
//! error says what was sent in confidence.

use super::TOKEN;
use crate::answer::Answer;
use crate::candles::Candles;
use crate::error::{Error, Outcome};
use crate::login::Grant;
use crate::placed::Placed;
use crate::rows::account::{FullProfile, Margins, Segment};
use crate::rows::alert::{AlertEvent, AlertRow};
use crate::rows::book::{Record, read_book};
use crate::rows::cost::{BasketMargins, ContractLine, OrderMargin, TriggerRange};
use crate::rows::gtt::GttRow;
use crate::rows::holding::{AuctionRow, CompactHolding, HoldingRow, HoldingsSummary};
use crate::rows::position::Positions;
use crate::rows::quote::{OhlcQuote, Quote};
use crate::secret::Secret;
use market::Interval;
use serde_json::Value;
use std::collections::BTreeMap;

const STATUSES: [u16; 12] = [200, 200, 200, 200, 400, 403, 404, 428, 429, 500, 502, 302];
const CONTENT_TYPES: [&str; 4] = ["application/json", "application/json; charset=utf-8", "text/html", ""];

/// One answer: a byte for the status, one for the content type, one for what is expected of it, and the body.
pub fn answers(bytes: &[u8]) {
    let Some((&[status, content_type, shape], body)) = bytes.split_first_chunk() else { return };
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    let content_type = CONTENT_TYPES[usize::from(content_type) % CONTENT_TYPES.len()];
    let hidden = vec![Secret::new(TOKEN)];
    let answer = Answer { status, content_type: content_type.to_owned(), body: body.to_vec(), hidden };
    let read = answer.check_status().and_then(|()| read(&answer, shape));
    let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_json = content_type.contains("json");
    match read {
        Ok(()) => {
            assert!(status == 200 && is_json && envelope["status"] == "success", "data from no success");
        }
        Err(error) => judge(&error, is_json.then_some((status, &envelope)), once(body)),
    }
}

fn read(answer: &Answer, shape: u8) -> Result<(), Error> {
    match shape % 17 {
        0 => answer.data::<FullProfile>().map(drop),
        1 => answer.data::<Margins>().map(drop),
        2 => answer.data::<Segment>().map(drop),
        3 => book::<HoldingRow>(answer),
        4 => book::<AuctionRow>(answer),
        5 => book::<CompactHolding>(answer),
        6 => answer.data::<HoldingsSummary>().map(drop),
        7 => answer.data::<Positions>().map(drop),
        8 => book::<GttRow>(answer),
        9 => book::<AlertRow>(answer),
        10 => book::<AlertEvent>(answer),
        11 => answer.data::<BasketMargins>().map(drop).or_else(|_| book::<OrderMargin>(answer)),
        12 => book::<ContractLine>(answer),
        13 => answer.data::<BTreeMap<String, OhlcQuote>>().map(drop).or_else(|_| quotes(answer)),
        14 => candles(answer),
        15 => answer.data::<Grant>().map(drop),
        _ => placed(answer),
    }
}

fn book<T: Record>(answer: &Answer) -> Result<(), Error> {
    let records: Vec<Value> = answer.data()?;
    let asked = records.len();
    let book = read_book::<T>(records);
    assert_eq!(book.rows.len() + book.unreadable.len(), asked, "a record was lost");
    Ok(())
}

fn quotes(answer: &Answer) -> Result<(), Error> {
    answer.data::<BTreeMap<String, Quote>>().map(drop).or_else(|_| {
        answer.data::<BTreeMap<String, TriggerRange>>().map(|ranges| {
            assert!(ranges.values().all(|range| range.lower.units() > 0 && range.upper.units() > 0));
        })
    })
}

fn candles(answer: &Answer) -> Result<(), Error> {
    let rows: Candles = answer.data()?;
    rows.into_candles(1, Interval::Minute).map(drop).map_err(|reason| answer.unreadable(reason))
}

fn placed(answer: &Answer) -> Result<(), Error> {
    let placed = answer.data::<Placed>()?.without(&Secret::new(TOKEN));
    for error in placed.children.into_iter().filter_map(Result::err) {
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
    }
    Ok(())
}

/// True for a body that names each field of an envelope at most once.
fn once(body: &[u8]) -> bool {
    let times = |name: &[u8]| body.windows(name.len()).filter(|part| *part == name).count();
    [&b"\"status\""[..], b"\"message\"", b"\"error_type\""].into_iter().all(|name| times(name) <= 1)
}

/// `json`: the status and the body, where the answer calls itself JSON.
fn judge(error: &Error, json: Option<(u16, &Value)>, once: bool) {
    let told = format!("{error} {error:?}");
    assert!(!told.contains(TOKEN), "{told}");
    assert!(told.len() < 8_000 && !error.to_string().contains(char::is_control), "{told}");
    let is_certain = json.is_some_and(|(status, body)| {
        let allowed = ["InputException", "MarginException", "HoldingException"];
        let word = body["error_type"].as_str().unwrap_or_default();
        status == 400 && body["status"] == "error" && allowed.contains(&word)
    });
    // An answer that contradicts itself is no certain *no*, whatever its last word is.
    let is_told = error.outcome() == Outcome::DefiniteNo;
    assert!(is_told == is_certain || (!is_told && !once), "{error}");
}
