-- migrate:up
ALTER TABLE events ADD COLUMN priority integer NOT NULL DEFAULT 0;
CREATE INDEX events_by_priority ON events (priority, id);

-- migrate:down
DROP INDEX events_by_priority;
ALTER TABLE events DROP COLUMN priority;
