//! The sdk's macros: `#[derive(Parameters)]`, `#[derive(Choice)]` and `#[strategy]`.
//!
//! They only write what an author could write by hand; use them through the crate `sdk`.
#![forbid(unsafe_code)]

mod choice;
mod parameters;
mod strategy;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, ItemImpl, parse_macro_input};

/// Makes parameters of a struct's fields. See the crate documentation of `sdk`.
#[proc_macro_derive(Parameters, attributes(param))]
pub fn derive_parameters(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    parameters::expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a parameter's choices of an enum's variants, named in kebab case.
#[proc_macro_derive(Choice)]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// On `impl Strategy for …`: asks the host for exactly the events that the written handlers take.
#[proc_macro_attribute]
pub fn strategy(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemImpl);
    strategy::expand(item).into()
}
