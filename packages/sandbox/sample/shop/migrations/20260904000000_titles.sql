-- migrate:up
ALTER TABLE triggers RENAME COLUMN name TO title;
ALTER TABLE events RENAME COLUMN kind TO type;
ALTER TABLE actions DROP COLUMN status;

-- migrate:down
ALTER TABLE actions ADD COLUMN status text NOT NULL DEFAULT 'done';
ALTER TABLE events RENAME COLUMN type TO kind;
ALTER TABLE triggers RENAME COLUMN title TO name;
