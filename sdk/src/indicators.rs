//! Indicators that keep themselves up to date.
