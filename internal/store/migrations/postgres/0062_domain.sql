-- +goose Up
-- PostgreSQL reads every CHECK of a table anew for each statement that writes to it, also those of columns that do not change; the rules of a
-- domain it keeps, and asks only for what is written. SQLite has no domains, and looks at the CHECKs of changed columns only.
CREATE DOMAIN positive AS BIGINT CHECK (VALUE > 0);
CREATE DOMAIN not_negative AS BIGINT CHECK (VALUE >= 0);
CREATE DOMAIN order_state AS TEXT CHECK (VALUE IN ('submitted', 'published', 'accepted', 'in_service', 'awaiting', 'confirmed', 'settled',
                                                   'closed', 'cancelled', 'disputed', 'void', 'fund'));
CREATE DOMAIN order_phase AS BIGINT CHECK (VALUE IN (0, 1, 2));
CREATE DOMAIN order_placed_as AS TEXT CHECK (VALUE IN ('self', 'kin', 'station'));
CREATE DOMAIN order_urgency AS TEXT CHECK (VALUE IN ('everyday', 'within_day', 'at_once'));
CREATE DOMAIN order_level AS TEXT CHECK (VALUE IN ('community', 'street', 'district', 'city', 'fund'));
CREATE DOMAIN order_waits_for AS TEXT CHECK (VALUE IN ('', 'funding', 'review', 'volunteer', 'service', 'confirmation', 'follow_up',
                                                       'credit', 'decision', 'provider'));
CREATE DOMAIN order_confirmed_by AS TEXT CHECK (VALUE IN ('', 'recipient', 'kin', 'station', 'time_out', 'fund'));
CREATE DOMAIN assignment_how AS TEXT CHECK (VALUE IN ('claimed', 'dispatched', 'paper'));
CREATE DOMAIN assignment_state AS TEXT CHECK (VALUE IN ('offered', 'accepted', 'checked_in', 'checked_out', 'settled', 'withdrawn', 'no_show', 'void'));
CREATE DOMAIN assignment_grade AS TEXT CHECK (VALUE IN ('', 'both', 'one', 'station', 'paper'));

ALTER TABLE service_order
    DROP CONSTRAINT service_order_state_check, ALTER COLUMN state TYPE order_state,
    DROP CONSTRAINT service_order_phase_check, ALTER COLUMN phase TYPE order_phase,
    DROP CONSTRAINT service_order_item_version_check, ALTER COLUMN item_version TYPE positive,
    DROP CONSTRAINT service_order_placed_as_check, ALTER COLUMN placed_as TYPE order_placed_as,
    DROP CONSTRAINT service_order_urgency_check, ALTER COLUMN urgency TYPE order_urgency,
    DROP CONSTRAINT service_order_minutes_check, ALTER COLUMN minutes TYPE positive,
    DROP CONSTRAINT service_order_volunteers_check, ALTER COLUMN volunteers TYPE positive,
    DROP CONSTRAINT service_order_level_check, ALTER COLUMN level TYPE order_level,
    DROP CONSTRAINT service_order_waits_for_check, ALTER COLUMN waits_for TYPE order_waits_for,
    DROP CONSTRAINT service_order_confirmed_by_check, ALTER COLUMN confirmed_by TYPE order_confirmed_by;
ALTER TABLE assignment
    DROP CONSTRAINT assignment_how_check, ALTER COLUMN how TYPE assignment_how,
    DROP CONSTRAINT assignment_state_check, ALTER COLUMN state TYPE assignment_state,
    DROP CONSTRAINT assignment_minutes_check, ALTER COLUMN minutes TYPE not_negative,
    DROP CONSTRAINT assignment_credit_check, ALTER COLUMN credit TYPE not_negative,
    DROP CONSTRAINT assignment_grade_check, ALTER COLUMN grade TYPE assignment_grade;
-- What the server knows of the columns is gone with their types.
ANALYZE service_order;
ANALYZE assignment;
