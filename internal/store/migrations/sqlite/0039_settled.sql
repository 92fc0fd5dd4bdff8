-- +goose Up
-- What was settled in some days, for pages of figures. Time only goes on, so that a row is added at the end, and closing an order changes nothing here.
CREATE INDEX service_order_when_settled ON service_order (settled_at, region) WHERE settled_at IS NOT NULL;
