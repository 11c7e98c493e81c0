-- The newest entry of one kind is looked for at every prune, and a page of one kind by whoever reads the audit.
create index audit_by_action on audit (broker_id, action, number);
