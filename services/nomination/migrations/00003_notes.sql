-- +goose Up
-- What a file said in columns that the form has not: [{column, text}, …]. The
-- organizer alone reads them.
ALTER TABLE entry ADD COLUMN notes jsonb NOT NULL DEFAULT '[]';
