-- +goose Up
-- Who put a home on the map: '' nobody yet, 'hand' a person, else the geocoder that knew the address.
ALTER TABLE address ADD COLUMN located_by TEXT NOT NULL DEFAULT '' CHECK (length(located_by) <= 20);
UPDATE address SET located_by = 'hand' WHERE lat_e6 IS NOT NULL;
