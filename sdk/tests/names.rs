//! What the macros write does not depend on the names around it: an author may have a `Result`, `Vec` or `Option` too.
#![allow(dead_code, reason = "the names only have to be there")]

type Vec = u8;
type String = u8;
type Option = u8;
struct Result;
struct Some;
struct None;
struct Ok;

#[derive(Clone, sdk::Choice)]
enum Style {
    Calm,
    r#Bold,
}

#[derive(sdk::Parameters)]
struct Params {
    #[param(default = Style::Calm)]
    style: Style,
    #[param(default = 3, min = 1, max = 9, warm_up = bars)]
    slow: u32,
    #[param(default = sdk::Interval::Day)]
    bars: sdk::Interval,
}

struct Named(Params);

#[sdk::strategy]
impl sdk::Strategy for Named {
    type Params = Params;
    fn new(params: Params) -> Self {
        Named(params)
    }
}

sdk::export!(Named);

#[test]
fn a_strategy_among_such_names_still_says_what_it_is() {
    let package = sdk::manifest::Package { name: "named", version: "1", description: "" };
    let manifest = sdk::manifest::Manifest::of::<Named>(package);
    assert_eq!((manifest.parameters.len(), manifest.warm_up.len()), (3, 1));
    assert_eq!(sdk::params::Choice::name(&Style::r#Bold), "bold");
}
