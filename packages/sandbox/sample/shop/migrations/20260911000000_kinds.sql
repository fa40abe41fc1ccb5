-- migrate:up
ALTER TABLE events RENAME COLUMN kind TO type;

-- migrate:down
ALTER TABLE events RENAME COLUMN type TO kind;
