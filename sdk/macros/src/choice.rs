//! `#[derive(Choice)]`: an enum of unit variants as a list of names.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "Choice is derived for enums"));
    };
    if let Some(variant) = data.variants.iter().find(|it| !matches!(it.fields, Fields::Unit)) {
        return Err(Error::new_spanned(
            variant,
            "a choice carries no fields: write the variant as a bare name",
        ));
    }
    let name = &input.ident;
    let variants: Vec<_> = data.variants.iter().map(|it| &it.ident).collect();
    let words: Vec<_> = variants.iter().map(|it| kebab(&it.unraw().to_string())).collect();
    Ok(quote! {
        impl ::sdk::params::Choice for #name {
            fn choices() -> ::std::vec::Vec<(&'static str, Self)> {
                ::std::vec![#((#words, Self::#variants)),*]
            }
            fn name(&self) -> &'static str {
                match self { #(Self::#variants => #words),* }
            }
        }
    })
}

fn kebab(name: &str) -> String {
    let mut word = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            word.push('-');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_becomes_a_word_in_kebab_case() {
        assert_eq!(kebab("MeanReversion"), "mean-reversion");
        assert_eq!(kebab("Fast"), "fast");
    }

    #[test]
    fn a_variant_with_fields_is_refused_with_a_remedy() {
        let input = syn::parse_quote!(
            enum Style {
                Fast(u32),
            }
        );
        assert!(expand(&input).unwrap_err().to_string().contains("bare name"));
    }
}
