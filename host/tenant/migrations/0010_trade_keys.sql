-- Two own orders that meet carry one trade number, so the broker's order belongs to what makes a fill the same fill.
create table trades_by_order (
    broker_id       text    not null references tenants (broker_id),
    date            text    not null,
    exchange        text    not null,
    trade_id        text    not null,
    broker_order_id text    not null,
    mode            text    not null check (mode in ('live', 'paper')),
    -- Null where a person traded by hand.
    run_id          text,
    strategy_id     text,
    symbol          text    not null,
    token           integer not null,
    side            text    not null,
    product         text    not null,
    quantity        integer not null,
    price           integer not null,
    time            integer not null,
    primary key (broker_id, date, exchange, trade_id, broker_order_id),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;
insert into trades_by_order (broker_id, date, exchange, trade_id, broker_order_id, mode, run_id, strategy_id, symbol,
        token, side, product, quantity, price, time)
    select broker_id, date, exchange, trade_id, broker_order_id, mode, run_id, strategy_id, symbol, token, side, product,
        quantity, price, time from trades;
drop table trades;
alter table trades_by_order rename to trades;
create index trades_by_run on trades (broker_id, run_id);
create index trades_by_order_number on trades (broker_id, broker_order_id);
create index orders_by_number on orders (broker_id, broker_order_id);
