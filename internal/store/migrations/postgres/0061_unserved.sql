-- +goose Up
-- Whether an order stands in this index is asked twice for every order that changes. SQLite makes a table of a list of three and more each time it
-- looks for a value there; what asks by this index says the same words.
DROP INDEX service_order_unserved;
CREATE INDEX service_order_unserved ON service_order (start_at)
    WHERE state = 'submitted' OR state = 'published' OR state = 'accepted' OR state = 'fund';
