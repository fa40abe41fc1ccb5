-- migrate:up
ALTER TABLE triggers DROP COLUMN owner;
DELETE FROM actions USING events, triggers
  WHERE actions.event_id = events.id AND events.trigger_id = triggers.id AND triggers.ref LIKE 'seed-%';
DELETE FROM events USING triggers WHERE events.trigger_id = triggers.id AND triggers.ref LIKE 'seed-%';
DELETE FROM triggers WHERE ref LIKE 'seed-%';

-- migrate:down
ALTER TABLE triggers ADD COLUMN owner text NOT NULL DEFAULT 'unknown';
