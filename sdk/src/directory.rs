//! Which token is which symbol, learned once from the host and kept for the run.
//!
//! The names are leaked on purpose: a run has a few instruments, they live as long as it does, and events can
//! then carry `&'static str` without a copy.

use crate::door;
use crate::token::Token;
use std::cell::RefCell;

thread_local! {
    static NAMES: RefCell<Vec<(Token, &'static str)>> = const { RefCell::new(Vec::new()) };
}

/// Reads the run's instruments.
pub(crate) fn load() {
    let names = door::instruments().into_iter().map(|it| (it.token, intern(it.symbol))).collect();
    NAMES.with_borrow_mut(|known| *known = names);
}

/// The symbol of a token; empty when the run does not have it.
pub(crate) fn symbol_of(token: Token) -> &'static str {
    find(|it| it.0 == token).map_or("", |it| it.1)
}

/// The token of a symbol.
pub(crate) fn token_of(symbol: &str) -> Option<Token> {
    find(|it| it.1 == symbol).map(|it| it.0)
}

fn find(matches: impl Fn(&(Token, &'static str)) -> bool) -> Option<(Token, &'static str)> {
    NAMES.with_borrow(|known| known.iter().copied().find(|it| matches(it)))
}

fn intern(symbol: String) -> &'static str {
    match find(|it| it.1 == symbol) {
        Some((_, known)) => known,
        None => symbol.leak(),
    }
}
