-- +goose Up
-- Who waits for a review is few of very many; everybody else is found by place.
CREATE INDEX volunteer_waiting ON volunteer (state, person) WHERE state IN ('applied', 'reviewed');
CREATE INDEX recipient_waiting ON recipient (person) WHERE state = 'applied';
