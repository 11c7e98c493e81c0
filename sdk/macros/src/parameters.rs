//! `#[derive(Parameters)]`: every field becomes a parameter.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, Meta, Result, Type, UnOp,
    spanned::Spanned,
};

#[derive(Default)]
struct Rules {
    default: Option<Expr>,
    min: Option<Expr>,
    max: Option<Expr>,
    max_length: Option<Expr>,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(_) | Data::Union(_) => {
            return Err(Error::new_spanned(&input.ident, "Parameters is derived for structs"));
        }
    };
    let Fields::Named(fields) = fields else {
        return Err(Error::new_spanned(
            &input.ident,
            "parameters need names: write a struct with named fields",
        ));
    };
    let name = &input.ident;
    let (mut declared, mut filled) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let (declare, fill) = one(field)?;
        declared.push(declare);
        filled.push(fill);
    }
    Ok(quote! {
        impl ::sdk::params::Parameters for #name {
            fn declare() -> ::std::vec::Vec<::sdk::manifest::Parameter> {
                ::std::vec![#(#declared),*]
            }
            fn fill(values: &mut ::sdk::params::Values) -> ::std::result::Result<Self, ::sdk::Error> {
                ::std::result::Result::Ok(Self { #(#filled),* })
            }
        }
    })
}

/// How one field is declared and how it is filled.
fn one(field: &Field) -> Result<(TokenStream, TokenStream)> {
    let ident = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "a parameter needs a name"))?;
    let (name, ty, doc) = (ident.to_string(), &field.ty, doc_line(&field.attrs));
    let rules = rules(field)?.into_tokens(ty);
    let declare = quote! {
        ::sdk::manifest::Parameter {
            name: #name.into(),
            doc: #doc.into(),
            kind: <#ty as ::sdk::params::ParameterType>::kind(#rules),
        }
    };
    Ok((declare, quote!(#ident: values.take::<#ty>(#name, #rules)?)))
}

fn rules(field: &Field) -> Result<Rules> {
    let mut rules = Rules::default();
    for attribute in field.attrs.iter().filter(|it| it.path().is_ident("param")) {
        attribute.parse_nested_meta(|meta| {
            let slot = match meta.path.get_ident().map(ToString::to_string).as_deref() {
                Some("default") => &mut rules.default,
                Some("min") => &mut rules.min,
                Some("max") => &mut rules.max,
                Some("max_length") => &mut rules.max_length,
                _ => return Err(meta.error("known here: default, min, max, max_length")),
            };
            *slot = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(rules)
}

impl Rules {
    fn into_tokens(self, ty: &Type) -> TokenStream {
        let typed = |expr: Option<Expr>| option(expr.map(|it| literal(it, ty)));
        let (default, min, max) = (typed(self.default), typed(self.min), typed(self.max));
        let max_length = option(self.max_length.map(|it| quote!(#it)));
        quote! {
            ::sdk::params::Rules::<#ty> { default: #default, min: #min, max: #max, max_length: #max_length }
        }
    }
}

fn option(tokens: Option<TokenStream>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(::std::option::Option::Some(#tokens)),
        None => quote!(::std::option::Option::None),
    }
}

/// A literal as the field's type: texts and prices are converted, everything else stands as written.
fn literal(expr: Expr, ty: &Type) -> TokenStream {
    if is_literal(&expr, |lit| matches!(lit, Lit::Str(_)))
        || (named(ty, "Price") && is_literal(&expr, |lit| matches!(lit, Lit::Int(_) | Lit::Float(_))))
    {
        return quote!(<#ty as ::std::convert::From<_>>::from(#expr));
    }
    quote!(#expr)
}

fn is_literal(expr: &Expr, fits: impl Fn(&Lit) -> bool) -> bool {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => fits(lit),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => is_literal(&unary.expr, fits),
        _ => false,
    }
}

fn named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(it) if it.path.segments.last().is_some_and(|last| last.ident == name))
}

/// The doc comment as one line.
fn doc_line(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(it) if it.path.is_ident("doc") => match &it.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_word_that_param_does_not_know_is_refused_with_those_it_does() {
        let input = parse_quote!(
            struct Params {
                #[param(minimum = 1)]
                fast: u32,
            }
        );
        assert!(
            expand(&input).unwrap_err().to_string().contains("known here: default, min, max, max_length")
        );
    }

    #[test]
    fn a_tuple_struct_is_refused_with_a_remedy() {
        let input = parse_quote!(
            struct Params(u32);
        );
        assert!(expand(&input).unwrap_err().to_string().contains("named fields"));
    }

    #[test]
    fn doc_comments_become_one_line() {
        let field: Field = parse_quote! {
            /// How many bars
            /// the fast average takes.
            fast: u32
        };
        assert_eq!(doc_line(&field.attrs), "How many bars the fast average takes.");
    }
}
