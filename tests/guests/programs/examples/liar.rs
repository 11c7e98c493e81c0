//! Breaks the rules of a batch, one at a time, as no sdk would: written against the bindings themselves.
//!
//! The start says which rule, by the choice `lie`.

#[cfg(target_family = "wasm")]
mod component {
    use sdk::__private::bindings;
    use sdk::__private::bindings::bulkhead::strategy::manifest::{
        ChoiceKind, Hears, Manifest, Parameter, ParameterKind, Value,
    };
    use sdk::__private::bindings::bulkhead::strategy::{clock, log};
    use sdk::__private::bindings::exports::bulkhead::strategy::guest::{Batch, Guest, Notice, OrderUpdate};
    use std::cell::RefCell;

    const LIES: [&str; 7] =
        ["none", "took-none", "took-too-many", "took-less", "went-back", "past-the-end", "went-on"];

    thread_local! {
        static LIE: RefCell<String> = const { RefCell::new(String::new()) };
    }

    struct Liar;

    impl Guest for Liar {
        fn describe() -> Manifest {
            let kind = ParameterKind::Choice(ChoiceKind {
                default: Some("none".to_owned()),
                choices: LIES.map(str::to_owned).to_vec(),
            });
            let lie = Parameter { name: "lie".to_owned(), doc: String::new(), kind, tags: Vec::new() };
            Manifest {
                name: "liar".to_owned(),
                version: "0.1.0".to_owned(),
                summary: String::new(),
                parameters: vec![lie],
                instruments: vec!["NSE:INFY".to_owned()],
                hears: Hears::TICKS,
                candles: Vec::new(),
                warm_up: Vec::new(),
                tags: Vec::new(),
            }
        }

        fn start(params: Vec<(String, Value)>) -> Result<(), String> {
            match params.into_iter().next() {
                Some((_, Value::Choice(lie))) => LIE.set(lie),
                other => return Err(format!("no lie was chosen: {other:?}")),
            }
            Ok(())
        }

        fn on_ticks(ticks: Batch) -> Result<u32, String> {
            let last = ticks.count - 1;
            let taken = match LIE.with_borrow(Clone::clone).as_str() {
                "took-none" => 0,
                "took-too-many" => ticks.count + 1,
                "took-less" => {
                    clock::reached(last);
                    last
                }
                "went-back" => {
                    clock::reached(last);
                    clock::reached(0);
                    ticks.count
                }
                "past-the-end" => {
                    clock::reached(ticks.count);
                    ticks.count
                }
                "went-on" => {
                    log::write(log::Level::Info, "a trace in the first event");
                    ticks.count
                }
                _ => ticks.count,
            };
            Ok(taken)
        }

        fn on_candles(candles: Batch) -> Result<u32, String> {
            Ok(candles.count)
        }

        fn on_order(_update: OrderUpdate) -> Result<(), String> {
            Ok(())
        }

        fn on_timer(_id: u64) -> Result<(), String> {
            Ok(())
        }

        fn on_notice(_notice: Notice) -> Result<(), String> {
            Ok(())
        }

        fn stop() -> Result<(), String> {
            Ok(())
        }
    }

    bindings::export!(Liar with_types_in bindings);
}
