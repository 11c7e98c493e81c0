create table strategies (
    broker_id       text    not null references tenants (broker_id),
    id              text    not null,
    name            text    not null,
    created_at      integer not null,
    -- A deleted strategy stays, because runs, orders and trades name it.
    deleted_at      integer,
    primary key (broker_id, id)
) strict;
create unique index strategies_by_name on strategies (broker_id, name) where deleted_at is null;

-- Versions never change; the component itself is kept here so that a backup of this file is whole.
create table strategy_versions (
    broker_id       text    not null,
    strategy_id     text    not null,
    number          integer not null,
    sha256          text    not null,
    size_bytes      integer not null,
    manifest        text    not null,
    component       blob    not null,
    uploaded_at     integer not null,
    primary key (broker_id, strategy_id, number),
    unique (broker_id, strategy_id, sha256),
    foreign key (broker_id, strategy_id) references strategies (broker_id, id)
) strict;

create table runs (
    broker_id       text    not null,
    id              text    not null,
    strategy_id     text    not null,
    version         integer not null,
    mode            text    not null check (mode in ('live', 'paper')),
    params          text    not null,
    state           text    not null,
    reason          text,
    started_at      integer not null,
    stopped_at      integer,
    restarts        integer not null default 0,
    primary key (broker_id, id),
    foreign key (broker_id, strategy_id, version) references strategy_versions (broker_id, strategy_id, number)
) strict;
-- A strategy runs once a mode at a time.
create unique index runs_standing on runs (broker_id, strategy_id, mode)
    where state not in ('stopped', 'failed', 'quarantined');
create index runs_by_start on runs (broker_id, started_at);

-- What a strategy keeps across runs.
create table strategy_state (
    broker_id       text    not null,
    strategy_id     text    not null,
    key             text    not null,
    value           blob    not null,
    primary key (broker_id, strategy_id, key),
    foreign key (broker_id, strategy_id) references strategies (broker_id, id)
) strict;

-- Every event a run was given, in pieces as they were written: one piece up to each event that asked for something.
create table journal (
    broker_id       text    not null,
    run_id          text    not null,
    piece           integer not null,
    event_seq       integer not null,
    time            integer not null,
    events          blob    not null,
    primary key (broker_id, run_id, piece),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;
