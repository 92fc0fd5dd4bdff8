-- +goose Up
-- A place that the end of an order took from a volunteer is not one that the volunteer gave back. The domain's rule has the number because the column
-- had one of that name when the domain was made.
ALTER DOMAIN assignment_state DROP CONSTRAINT assignment_state_check1;
ALTER DOMAIN assignment_state ADD CONSTRAINT assignment_state_check
    CHECK (VALUE IN ('offered', 'accepted', 'checked_in', 'checked_out', 'settled', 'withdrawn', 'called_off', 'no_show', 'void'));

-- Until when a volunteer who is asked can answer; the timer of an order is due when the first of them is.
ALTER TABLE assignment ADD COLUMN answer_by BIGINT;
UPDATE assignment SET answer_by = (SELECT t.due FROM timer t WHERE t.kind = 'order.offer_expire' AND t.ref = assignment.order_id) WHERE state = 'offered';
