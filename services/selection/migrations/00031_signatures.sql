-- +goose Up
-- Which hosts signed a decision off, by whom and when, as review told it:
-- [{"host", "title", "signer", "at"}]; null where no host signs.
ALTER TABLE decision ADD COLUMN signatures jsonb;
