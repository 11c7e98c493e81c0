-- The write-ahead rows of the order path: 'sending' is durable before the first byte leaves.
create table orders (
    broker_id         text    not null,
    id                integer not null,
    run_id            text    not null,
    strategy_id       text    not null,
    run_order_id      integer not null,
    -- 20 characters [A-Z0-9], random: how the order is found again in the broker's book.
    tag               text    not null check (length(tag) = 20),
    broker_order_id   text,
    date              text    not null,
    mode              text    not null check (mode in ('live', 'paper')),
    symbol            text    not null,
    side              text    not null,
    kind              text    not null,
    product           text    not null,
    validity          text    not null,
    variety           text    not null,
    quantity          integer not null,
    price             integer not null,
    trigger_price     integer not null,
    market_protection integer not null,
    filled            integer not null default 0,
    average_price     integer not null default 0,
    state             text    not null,
    refusal           text    not null default 'none',
    message           text    not null default '',
    created_at        integer not null,
    updated_at        integer not null,
    -- The absence proof: how often the tag was missing from the whole order book since the send.
    sent_at           integer,
    absent_readings   integer not null default 0,
    primary key (broker_id, id),
    unique (broker_id, tag),
    unique (broker_id, run_id, run_order_id),
    unique (broker_id, date, broker_order_id),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;
create index orders_by_state on orders (broker_id, state);
create index orders_by_date on orders (broker_id, date);

-- One row per fill. The exchange's number is unique per exchange and day only, so both belong to the key.
create table trades (
    broker_id       text    not null references tenants (broker_id),
    date            text    not null,
    exchange        text    not null,
    trade_id        text    not null,
    mode            text    not null check (mode in ('live', 'paper')),
    broker_order_id text    not null,
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
    primary key (broker_id, date, exchange, trade_id),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;
create index trades_by_run on trades (broker_id, run_id);

-- What the ledger made of the day's trades, by strategy ('' for trades by hand), at the last prices known.
create table positions (
    broker_id       text    not null references tenants (broker_id),
    date            text    not null,
    strategy_id     text    not null,
    symbol          text    not null,
    product         text    not null,
    quantity        integer not null,
    average_price   integer not null,
    last_price      integer not null,
    buy_quantity    integer not null,
    buy_value       integer not null,
    sell_quantity   integer not null,
    sell_value      integer not null,
    realised        integer not null,
    unrealised      integer not null,
    primary key (broker_id, date, strategy_id, symbol, product)
) strict;

create table daily_stats (
    broker_id       text    not null references tenants (broker_id),
    date            text    not null,
    gross           integer not null,
    charges         integer not null,
    net             integer not null,
    realised        integer not null,
    unrealised      integer not null,
    trades          integer not null,
    wins            integer not null,
    losses          integer not null,
    turnover        integer not null,
    max_drawdown    integer not null,
    max_mtm         integer not null,
    max_mtm_at      integer,
    min_mtm         integer not null,
    min_mtm_at      integer,
    primary key (broker_id, date)
) strict;

-- Amounts a strategy recorded itself: beside the figures, never instead.
create table pnl_records (
    broker_id       text    not null,
    id              integer not null,
    run_id          text    not null,
    strategy_id     text    not null,
    date            text    not null,
    label           text    not null,
    amount          integer not null,
    time            integer not null,
    primary key (broker_id, id),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;

create table risk_limits (
    broker_id       text    not null primary key references tenants (broker_id),
    limits          text    not null,
    updated_at      integer not null
) strict;

create table kill_switch (
    broker_id       text    not null primary key references tenants (broker_id),
    is_on           integer not null,
    reason          text,
    since           integer not null
) strict;
