-- +goose Up
-- A place that the end of an order took from a volunteer is not one that the volunteer gave back. The domain's rule has the number because the column
-- had one of that name when the domain was made.
ALTER DOMAIN assignment_state DROP CONSTRAINT assignment_state_check1;
ALTER DOMAIN assignment_state ADD CONSTRAINT assignment_state_check
    CHECK (VALUE IN ('offered', 'accepted', 'checked_in', 'checked_out', 'settled', 'withdrawn', 'called_off', 'no_show', 'void'));
