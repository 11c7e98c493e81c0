-- One row per trader who ever signed in. Every other tenant table hangs on this one, by broker_id.
create table tenants (
    broker_id       text    not null primary key,
    user_name       text    not null,
    -- How this tenant's order calls leave the machine: 'direct', 'from <ip>' or 'proxy <url>'.
    egress          text    not null default 'direct',
    created_at      integer not null,
    last_login_at   integer not null
) strict;

-- What the tenant trades with. Secrets are sealed; the associated data names table, column, broker id and row.
create table credentials (
    broker_id       text    not null references tenants (broker_id),
    id              text    not null,
    api_key         text    not null,
    api_secret      blob    not null,
    -- Null while the broker session is known to be dead.
    access_token    blob,
    updated_at      integer not null,
    primary key (broker_id, id)
) strict;

-- Browser sessions and tokens for scripts: only the hash of the secret is kept.
create table sessions (
    broker_id       text    not null references tenants (broker_id),
    id              text    not null,
    hash            blob    not null,
    device          text    not null,
    created_at      integer not null,
    expires_at      integer not null,
    primary key (broker_id, id)
) strict;
create index sessions_by_hash on sessions (hash);

create table api_tokens (
    broker_id       text    not null references tenants (broker_id),
    id              text    not null,
    hash            blob    not null,
    name            text    not null,
    created_at      integer not null,
    expires_at      integer not null,
    primary key (broker_id, id)
) strict;
create index api_tokens_by_hash on api_tokens (hash);

-- A browser sign-in that has begun. Belongs to nobody yet, so it carries no broker id.
create table pending_logins (
    hash            blob    not null primary key,
    api_key         text    not null,
    api_secret      blob    not null,
    expires_at      integer not null
) strict;

-- Facts of this host itself, such as the canary that proves the key.
create table host_facts (
    name            text    not null primary key,
    value           blob    not null
) strict;
