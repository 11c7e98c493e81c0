-- The address that order calls must be seen to come from; null where nobody said.
alter table tenants add column egress_expected text;
