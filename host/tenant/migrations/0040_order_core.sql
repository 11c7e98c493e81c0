-- The kill switch of one run; that of the whole account stands in kill_switch.
create table run_switches (
    broker_id       text    not null,
    run_id          text    not null,
    is_on           integer not null,
    reason          text,
    since           integer not null,
    primary key (broker_id, run_id),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;

-- Orders of the broker's with our mark that no row of ours knows of: nothing is sent until a person accepts them.
create table foreign_orders (
    broker_id       text    not null references tenants (broker_id),
    tag             text    not null,
    number          text    not null,
    description     text    not null,
    seen_at         integer not null,
    accepted_at     integer,
    primary key (broker_id, tag)
) strict;
