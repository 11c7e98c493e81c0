//! `#[derive(Parameters)]`: every field becomes a parameter.

use proc_macro2::TokenStream;
use quote::quote;
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit, Meta, Result, Type, UnOp,
};

#[derive(Default)]
struct Rules {
    default: Option<Expr>,
    min: Option<Expr>,
    max: Option<Expr>,
    max_length: Option<Expr>,
    warm_up: Option<Expr>,
    warm_up_times: Option<Expr>,
    warm_up_plus: Option<Expr>,
}

/// What one field adds to the code.
struct Parts {
    declare: TokenStream,
    fill: TokenStream,
    value: TokenStream,
    warm_up: Option<TokenStream>,
    /// Does not compile where a rule does not apply to the field's type.
    checks: TokenStream,
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
    let all: Vec<&Field> = fields.named.iter().collect();
    let parts = all.iter().map(|field| one(field, &all)).collect::<Result<Vec<Parts>>>()?;
    let declared = parts.iter().map(|it| &it.declare);
    let filled = parts.iter().map(|it| &it.fill);
    let values = parts.iter().map(|it| &it.value);
    let warm_up = parts.iter().filter_map(|it| it.warm_up.as_ref());
    let checks = parts.iter().map(|it| &it.checks);
    Ok(quote! {
        const _: () = { #(#checks)* };

        impl ::sdk::params::Parameters for #name {
            fn declare() -> ::std::vec::Vec<::sdk::manifest::Parameter> {
                ::std::vec![#(#declared),*]
            }
            fn fill(values: &mut ::sdk::params::Values) -> ::std::result::Result<Self, ::sdk::Error> {
                ::std::result::Result::Ok(Self { #(#filled),* })
            }
            fn values(&self) -> ::std::vec::Vec<(::std::string::String, ::sdk::params::Value)> {
                ::std::vec![#(#values),*]
            }
            fn warm_up() -> ::std::vec::Vec<::sdk::manifest::WarmUp> {
                ::std::vec![#(#warm_up),*]
            }
        }
    })
}

fn one(field: &Field, all: &[&Field]) -> Result<Parts> {
    let ident = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "a parameter needs a name"))?;
    let (name, ty, doc) = (ident.unraw().to_string(), &field.ty, doc_line(&field.attrs));
    let rules = rules(field)?;
    let (checks, warm_up) = (rules.checks(ty), rules.warm_up(&name, all)?);
    let rules = rules.into_tokens(ty);
    let declare = quote! {
        ::sdk::manifest::Parameter {
            name: #name.into(),
            doc: #doc.into(),
            kind: <#ty as ::sdk::params::ParameterType>::kind(#rules),
        }
    };
    let fill = quote!(#ident: values.take::<#ty>(#name, #rules)?);
    let value = quote!((#name.into(), <#ty as ::sdk::params::ParameterType>::to_value(&self.#ident)));
    Ok(Parts { declare, fill, value, warm_up, checks })
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
                Some("warm_up") => &mut rules.warm_up,
                Some("warm_up_times") => &mut rules.warm_up_times,
                Some("warm_up_plus") => &mut rules.warm_up_plus,
                Some(_) | None => {
                    let known = "default, min, max, max_length, warm_up, warm_up_times, warm_up_plus";
                    return Err(meta.error(format!("known here: {known}")));
                }
            };
            *slot = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(rules)
}

impl Rules {
    fn checks(&self, ty: &Type) -> TokenStream {
        let wanted = [
            (self.min.is_some() || self.max.is_some(), quote!(Bounded)),
            (self.max_length.is_some(), quote!(Lengthy)),
            (self.warm_up.is_some(), quote!(Whole)),
        ];
        let wanted = wanted.into_iter().filter(|it| it.0).map(|it| it.1);
        quote_spanned! { ty.span() => #({
            const fn applies<T: ::sdk::params::#wanted>() {}
            applies::<#ty>();
        })* }
    }

    /// `warm_up = interval` follows the field of that name; anything else is an interval of its own.
    fn warm_up(&self, name: &str, all: &[&Field]) -> Result<Option<TokenStream>> {
        let Some(wanted) = &self.warm_up else {
            return match self.warm_up_times.as_ref().or(self.warm_up_plus.as_ref()) {
                Some(lost) => {
                    let text = "say of which interval too: warm_up = interval, or warm_up = Interval::Day";
                    Err(Error::new(lost.span(), text))
                }
                None => Ok(None),
            };
        };
        let times = self.warm_up_times.as_ref().map_or_else(|| quote!(1), |it| quote!(#it));
        let plus = self.warm_up_plus.as_ref().map_or_else(|| quote!(0), |it| quote!(#it));
        let interval = match bare_name(wanted) {
            Some(field) => follow(field, all)?,
            None => quote!(::sdk::manifest::WarmUpInterval::Fixed(#wanted)),
        };
        Ok(Some(quote! {
            ::sdk::manifest::WarmUp {
                interval: #interval,
                count: ::sdk::manifest::WarmUpCount::Parameter { name: #name, times: #times, plus: #plus },
            }
        }))
    }

    fn into_tokens(self, ty: &Type) -> TokenStream {
        let typed = |expr: Option<Expr>| option(expr.map(|it| literal(it, ty)));
        let (default, min, max) = (typed(self.default), typed(self.min), typed(self.max));
        let max_length = option(self.max_length.map(|it| quote!(#it)));
        quote! {
            ::sdk::params::Rules::<#ty> { default: #default, min: #min, max: #max, max_length: #max_length }
        }
    }
}

/// A name that begins with a small letter, which is a field's and no constant's.
fn bare_name(expr: &Expr) -> Option<&Ident> {
    let Expr::Path(path) = expr else { return None };
    path.path.get_ident().filter(|it| it.unraw().to_string().starts_with(char::is_lowercase))
}

fn follow(wanted: &Ident, all: &[&Field]) -> Result<TokenStream> {
    let name = wanted.unraw().to_string();
    let found = all.iter().find(|it| it.ident.as_ref().is_some_and(|it| it.unraw() == name));
    match found {
        Some(field) if named(&field.ty, "Interval") => {
            Ok(quote!(::sdk::manifest::WarmUpInterval::Parameter(#name)))
        }
        Some(_) => Err(Error::new(wanted.span(), format!("`{name}` is no Interval"))),
        None => Err(Error::new(wanted.span(), format!("there is no parameter `{name}`"))),
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
            expand(&input)
                .unwrap_err()
                .to_string()
                .contains("known here: default, min, max, max_length, warm_up")
        );
    }

    #[test]
    fn warm_up_follows_a_field_that_is_an_interval_and_no_other() {
        let said = |warm_up: TokenStream| {
            let input: DeriveInput = parse_quote!(
                struct Params {
                    #[param(#warm_up)]
                    slow: u32,
                    bars: Interval,
                }
            );
            expand(&input).map_err(|error| error.to_string())
        };
        assert!(said(quote!(warm_up = bars)).unwrap().to_string().contains("WarmUpInterval :: Parameter"));
        assert!(
            said(quote!(warm_up = Interval::Day)).unwrap().to_string().contains("WarmUpInterval :: Fixed")
        );
        assert_eq!(said(quote!(warm_up = slow)).unwrap_err(), "`slow` is no Interval");
        assert_eq!(said(quote!(warm_up = fast)).unwrap_err(), "there is no parameter `fast`");
        assert!(said(quote!(warm_up_plus = 1)).unwrap_err().contains("of which interval"));
    }

    #[test]
    fn a_raw_name_loses_its_mark() {
        let input: DeriveInput = parse_quote!(
            struct Params {
                r#type: u32,
            }
        );
        let code = expand(&input).unwrap().to_string();
        assert!(code.contains("name : \"type\""), "{code}");
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
