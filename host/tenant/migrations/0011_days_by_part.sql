-- A day's figures of the whole account, of each strategy and of what was traded by hand. A row is a snapshot of its time
-- (as_of) until the day is over and worked out to the end (is_final). Days that were kept before are worked out anew from
-- their trades at the next start; what they know of highs and lows stays.
alter table daily_stats rename to daily_stats_before;
create table daily_stats (
    broker_id       text    not null references tenants (broker_id),
    date            text    not null,
    part            text    not null check (part in ('account', 'strategy', 'hand')),
    -- Empty unless the part is a strategy.
    strategy_id     text    not null,
    gross           integer not null,
    realised        integer not null,
    unrealised      integer not null,
    unpriced        integer not null,
    trades          integer not null,
    wins            integer not null,
    losses          integer not null,
    turnover        integer not null,
    brokerage       integer not null,
    transaction_tax integer not null,
    exchange_fee    integer not null,
    sebi_fee        integer not null,
    stamp_duty      integer not null,
    gst             integer not null,
    depository      integer not null,
    unrated         integer not null,
    max_drawdown    integer not null,
    -- Null before the first sample.
    max_mtm         integer,
    max_mtm_at      integer,
    min_mtm         integer,
    min_mtm_at      integer,
    as_of           integer not null,
    is_final        integer not null,
    primary key (broker_id, date, part, strategy_id)
) strict;
insert into daily_stats (broker_id, date, part, strategy_id, gross, realised, unrealised, unpriced, trades, wins, losses,
        turnover, brokerage, transaction_tax, exchange_fee, sebi_fee, stamp_duty, gst, depository, unrated, max_drawdown,
        max_mtm, max_mtm_at, min_mtm, min_mtm_at, as_of, is_final)
    select broker_id, date, 'account', '', gross, realised, unrealised, 0, trades, wins, losses, turnover, charges,
        0, 0, 0, 0, 0, 0, 0, max_drawdown, iif(max_mtm_at is null, null, max_mtm), max_mtm_at,
        iif(min_mtm_at is null, null, min_mtm), min_mtm_at, 0, 0
    from daily_stats_before;
drop table daily_stats_before;

-- The positions that belong to these figures, with the exact cost: the next day begins with them.
alter table positions rename to positions_before;
create table positions (
    broker_id          text    not null references tenants (broker_id),
    date               text    not null,
    part               text    not null check (part in ('account', 'strategy', 'hand')),
    strategy_id        text    not null,
    symbol             text    not null,
    product            text    not null,
    quantity           integer not null,
    overnight_quantity integer not null,
    multiplier         integer not null,
    cost               integer not null,
    trip_realised      integer not null,
    average_price      integer not null,
    -- Null where nobody told one.
    close_price        integer,
    last_price         integer,
    last_price_at      integer,
    buy_quantity       integer not null,
    buy_value          integer not null,
    sell_quantity      integer not null,
    sell_value         integer not null,
    realised           integer not null,
    unrealised         integer,
    primary key (broker_id, date, part, strategy_id, symbol, product)
) strict;
insert into positions (broker_id, date, part, strategy_id, symbol, product, quantity, overnight_quantity, multiplier, cost,
        trip_realised, average_price, close_price, last_price, last_price_at, buy_quantity, buy_value, sell_quantity,
        sell_value, realised, unrealised)
    select broker_id, date, iif(strategy_id = '', 'account', 'strategy'), strategy_id, symbol, product, quantity, 0, 1,
        average_price * abs(quantity), 0, average_price, null, nullif(last_price, 0), null, buy_quantity, buy_value,
        sell_quantity, sell_value, realised, unrealised
    from positions_before;
drop table positions_before;
