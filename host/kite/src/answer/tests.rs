//! The table of answers: what each means, and what it means for an order.

use super::*;
use crate::Outcome::{self, DefiniteNo, Unknown};
use proptest::prelude::*;

const TOKEN: &str = "t0ken-of-uk9394";

fn answer(status: u16, content_type: &str, body: &str) -> Answer {
    let (content_type, body) = (content_type.to_owned(), body.as_bytes().to_vec());
    Answer { status, content_type, body, hidden: vec![Secret::new(TOKEN)] }
}

fn failure(status: u16, error_type: &str) -> Answer {
    let body = format!(r#"{{"status":"error","message":"No.","data":null,"error_type":"{error_type}"}}"#);
    answer(status, "application/json", &body)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    answer.check_status()?;
    answer.data()
}

fn outcome(answer: &Answer) -> Outcome {
    read::<serde_json::Value>(answer).unwrap_err().outcome()
}

#[test]
fn the_table_of_refusals() {
    let rows = [
        (400, "InputException", DefiniteNo),
        (400, "MarginException", DefiniteNo),
        (400, "HoldingException", DefiniteNo),
        (400, "OrderException", Unknown),
        (400, "GeneralException", Unknown),
        (400, "NetworkException", Unknown),
        (403, "TokenException", Unknown),
        (403, "PermissionException", Unknown),
        (404, "GeneralException", Unknown),
        (405, "GeneralException", Unknown),
        (410, "GeneralException", Unknown),
        (428, "HoldingException", Unknown),
        (429, "NetworkException", Unknown),
        (500, "OrderException", Unknown),
        (502, "DataException", Unknown),
        (503, "NetworkException", Unknown),
        (504, "NetworkException", Unknown),
        (200, "InputException", Unknown),
        (302, "InputException", Unknown),
    ];
    for (status, word, expected) in rows {
        assert_eq!(outcome(&failure(status, word)), expected, "{status} {word}");
    }
}

#[test]
fn a_400_that_is_not_kites_own_is_no_definite_no() {
    let html = "<html><body>Attention Required! | Cloudflare</body></html>";
    let refusal = r#"{"status":"error","message":"No.","error_type":"InputException"}"#;
    for odd in [
        answer(400, "text/html", html),
        answer(400, "text/html", refusal),
        answer(400, "application/json", html),
        answer(400, "application/json", r#"{"status":"success","error_type":"InputException"}"#),
        answer(400, "application/json", ""),
        answer(400, "", refusal),
    ] {
        assert!(matches!(read::<String>(&odd), Err(Error::Unreadable { status: 400, .. })), "{odd:?}");
    }
}

#[test]
fn a_refusal_that_is_not_text_throughout_is_no_definite_no() {
    let mut odd = failure(400, "MarginException");
    odd.body.splice(1..1, *b"\"skipped\":\"\xa9\",");
    assert!(matches!(read::<String>(&odd), Err(Error::Unreadable { status: 400, .. })), "{odd:?}");
}

#[test]
fn holdings_to_be_authorised_are_told_apart_from_every_other_refusal() {
    let asked = read::<String>(&failure(428, "HoldingException")).unwrap_err();
    assert_eq!(asked, Error::NeedsAuthorisation { message: "No.".to_owned() });
    assert!(!asked.is_transport() && !asked.is_session_expired());
    let html = read::<String>(&answer(428, "text/html", "<html>")).unwrap_err();
    assert!(matches!(html, Error::Unreadable { status: 428, .. }));
}

#[test]
fn a_200_that_is_not_kites_own_is_unreadable() {
    for (content_type, body) in [
        ("application/json", r#"{"status":"success","data":"#),
        ("application/json", r#"{"data":"x"}"#),
        ("application/json", r#"{"status":"ok","data":"x"}"#),
        ("application/json", r#"{"status":"success"}"#),
        ("application/json", "[]"),
        ("application/json", r#"["success","x"]"#),
        ("text/html", r#"{"status":"success","data":"x"}"#),
        ("application/json", "\u{feff}"),
    ] {
        let got = read::<String>(&answer(200, content_type, body));
        assert!(matches!(got, Err(Error::Unreadable { status: 200, .. })), "{body}");
    }
    let fine = answer(200, "application/json; charset=utf-8", r#"{"status":"success","data":"x"}"#);
    assert_eq!(read::<String>(&fine), Ok("x".to_owned()));
}

#[test]
fn a_message_is_one_line_of_bounded_length() {
    let long = "a\\n\\u001b[31m".repeat(1_000);
    let body = format!(r#"{{"status":"error","message":"{long}","error_type":"InputException"}}"#);
    let said = read::<String>(&answer(400, "application/json", &body)).unwrap_err().to_string();
    assert!(said.len() < 700 && !said.contains(['\n', '\u{1b}']), "{said}");
}

#[test]
fn a_token_is_blotted_out_before_anything_is_cut() {
    for padding in 580..600 {
        let message = format!("{}{TOKEN}", "x".repeat(padding));
        let body = format!(r#"{{"status":"error","message":"{message}","error_type":"New {TOKEN}"}}"#);
        for status in [200, 400, 429, 500] {
            let error = read::<String>(&answer(status, "application/json", &body)).unwrap_err();
            for part in [TOKEN, "t0ken", "t0"] {
                assert!(!format!("{error} {error:?}").contains(part), "{status}: {error}");
            }
        }
    }
}

#[test]
fn an_answer_never_prints_its_body() {
    let answer = answer(200, TOKEN, TOKEN);
    assert_eq!(format!("{answer:?}"), "Answer(HTTP 200, 15 bytes)");
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 100u16..600, body in ".{0,200}", json in any::<bool>()) {
        let content_type = if json { "application/json" } else { "text/csv" };
        let _ = read::<serde_json::Value>(&answer(status, content_type, &body));
    }
}
