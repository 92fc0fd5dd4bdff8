-- +goose Up
-- Balances and the state of a visit change often and stand in no index: with room on its page a changed row stays there, and no index is written.
ALTER TABLE account SET (fillfactor = 70);
ALTER TABLE assignment SET (fillfactor = 70);
