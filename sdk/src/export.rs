//! [`export!`](crate::export!): turns a [`Strategy`](crate::Strategy) into a component.

/// Makes the component: `sdk::export!(MyStrategy);`, once per package, at the top level.
///
/// Name, version and summary come from the package's own `Cargo.toml`; `sdk::export!(MyStrategy, "its-name")`
/// gives another name, for a package of several. Built for anything but wasm, as in `cargo test`, it makes nothing.
#[macro_export]
macro_rules! export {
    ($strategy:ty) => {
        $crate::export!($strategy, ::std::env!("CARGO_PKG_NAME"));
    };
    ($strategy:ty, $name:expr) => {
        // Anywhere: says early what is wrong with the strategy, and that it is used.
        const _: fn(<$strategy as $crate::Strategy>::Params) -> $strategy =
            <$strategy as $crate::Strategy>::new;

        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::__private::bindings::bulkhead::strategy::manifest;
            use $crate::__private::bindings::exports::bulkhead::strategy::guest;
            use $crate::__private::component;

            ::std::thread_local! {
                static SLOT: component::Slot<$strategy> = const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            struct Component;

            impl guest::Guest for Component {
                fn describe() -> manifest::Manifest {
                    component::describe::<$strategy>($crate::package!($name))
                }
                fn start(
                    params: ::std::vec::Vec<(::std::string::String, manifest::Value)>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| component::start(slot, params))
                }
                fn on_ticks(ticks: guest::Batch) -> ::std::result::Result<u32, ::std::string::String> {
                    SLOT.with(|slot| component::on_ticks(slot, &ticks))
                }
                fn on_candles(candles: guest::Batch) -> ::std::result::Result<u32, ::std::string::String> {
                    SLOT.with(|slot| component::on_candles(slot, &candles))
                }
                fn on_order(update: guest::OrderUpdate) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| component::on_order(slot, update))
                }
                fn on_timer(id: u64) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| component::on_timer(slot, id))
                }
                fn on_notice(notice: guest::Notice) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| component::on_notice(slot, notice))
                }
                fn stop() -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(component::stop)
                }
            }

    $crate::__private::bindings::export!(Component with_types_in $crate::__private::bindings);
        };
    };
}

/// The author's package, from where this is written.
#[doc(hidden)]
#[macro_export]
macro_rules! package {
    ($name:expr) => {
        $crate::manifest::Package {
            name: $name,
            version: ::std::env!("CARGO_PKG_VERSION"),
            description: ::std::env!("CARGO_PKG_DESCRIPTION"),
        }
    };
}
