//! `#[strategy]`: the subscription follows from the handlers.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{ImplItem, ItemImpl, parse_quote};

const HANDLERS: [(&str, &str); 5] = [
    ("on_tick", "TICKS"),
    ("on_candle", "CANDLES"),
    ("on_order", "ORDERS"),
    ("on_timer", "TIMERS"),
    ("on_notice", "NOTICES"),
];

pub(crate) fn expand(mut item: ItemImpl) -> TokenStream {
    if !item.items.iter().any(|it| matches!(it, ImplItem::Const(constant) if constant.ident == "HEARS")) {
        let flags = (HANDLERS.iter())
            .filter(|(handler, _)| has_handler(&item, handler))
            .map(|(_, flag)| format_ident!("{flag}"));
        let hears = quote!(::sdk::Hears::NONE #(.and(::sdk::Hears::#flags))*);
        item.items.insert(0, parse_quote!(const HEARS: ::sdk::Hears = #hears;));
    }
    item.into_token_stream()
}

fn has_handler(item: &ItemImpl, name: &str) -> bool {
    item.items.iter().any(|it| matches!(it, ImplItem::Fn(function) if function.sig.ident == name))
}
