//! Parameters are bound by the manifest, every error at once and by name.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::program;
use sandbox::{Manifest, Value};
use serde_json::{Map, Value as Json, json};

fn map(value: Json) -> Map<String, Json> {
    let Json::Object(map) = value else { panic!("an object") };
    map
}

fn manifest() -> Manifest {
    serde_json::from_value(json!({
        "name": "m", "version": "1", "summary": "",
        "parameters": [
            {"name": "quantity", "doc": "How many.", "kind": "integer", "default": 10, "min": 1, "max": 100},
            {"name": "limit", "doc": "", "kind": "price", "default": null, "min": 0.05, "max": 10},
            {"name": "mode", "doc": "", "kind": "choice", "default": "a", "choices": ["a", "b"]},
            {"name": "symbol", "doc": "", "kind": "instrument", "default": "NSE:INFY"},
            {"name": "bars", "doc": "", "kind": "interval", "default": "5minute"},
            {"name": "note", "doc": "", "kind": "text", "default": "", "maxLength": 3},
        ],
        "instruments": ["NSE:TCS", "NSE:INFY"],
        "hears": {"ticks": true, "candles": true, "orders": true, "timers": true, "notices": true},
        "candles": ["day"], "warmUp": [], "tags": {},
    }))
    .unwrap()
}

#[test]
fn what_is_not_given_takes_its_default() {
    let manifest = manifest();
    let params = manifest.bind(map(json!({"limit": 1.5}))).unwrap();
    assert_eq!(params["quantity"], Value::Integer(10));
    assert_eq!(params["limit"].to_json(), json!(1.5));
    assert_eq!(manifest.instruments(&params), ["NSE:TCS", "NSE:INFY"]);
    let intervals: Vec<_> = manifest.intervals(&params).iter().map(|i| i.as_str()).collect();
    assert_eq!(intervals, ["5minute", "day"]);
}

#[test]
fn every_wrong_parameter_is_named_at_once() {
    let given = json!({
        "quantity": 101, "mode": "c", "symbol": "INFY", "bars": "2minute", "note": "l₹ng", "extra": 1,
    });
    let errors = manifest().bind(map(given)).unwrap_err();
    let said: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let wanted = [
        "quantity: 101 is out of bounds: it must be from 1 to 100",
        "limit: must be given",
        "mode: \"c\" must be one of a, b",
        "symbol: `INFY` names no instrument",
        "bars: `2minute` is no interval",
        "note: is 4 characters long: at most 3",
        "extra: is no parameter of this strategy: it has quantity, limit",
    ];
    assert_eq!(said.len(), wanted.len(), "{said:?}");
    for (said, wanted) in said.iter().zip(wanted) {
        assert!(said.starts_with(wanted), "{said}");
    }
}

#[test]
fn a_number_must_be_whole_where_a_whole_one_is_wanted() {
    let manifest = manifest();
    let errors = manifest.bind(map(json!({"quantity": 1.5, "limit": 1}))).unwrap_err();
    assert_eq!(errors[0].to_string(), "quantity: 1.5 must be a whole number");
    assert!(manifest.bind(map(json!({"quantity": 2.0, "limit": 1}))).is_ok());
}

#[test]
fn a_real_guests_manifest_survives_json() {
    for bytes in [guests::ECHO, guests::MANY_PARAMS, guests::PROBE] {
        let manifest = program(bytes).manifest().clone();
        assert!(!manifest.parameters.is_empty());
        let json = serde_json::to_value(&manifest).unwrap();
        assert_eq!(serde_json::from_value::<Manifest>(json).unwrap(), manifest);
    }
}
