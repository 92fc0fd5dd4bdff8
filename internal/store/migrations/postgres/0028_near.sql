-- +goose Up
-- The key first: keys that are made one after the other, as a client's UUIDv7 are, then lie beside each other on few pages, and so do those
-- that are forgotten together.
ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey, ADD PRIMARY KEY (key, actor);

-- What the nightly work looks for is a few orders among all open ones.
CREATE INDEX service_order_unserved ON service_order (start_at) WHERE state IN ('submitted', 'published', 'accepted', 'fund');
CREATE INDEX service_order_unfunded ON service_order (start_at) WHERE waits_for = 'funding';
