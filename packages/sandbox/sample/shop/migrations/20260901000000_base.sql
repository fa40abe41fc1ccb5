-- migrate:up
CREATE TABLE triggers (
  id bigserial PRIMARY KEY,
  ref text NOT NULL UNIQUE,
  name text NOT NULL,
  owner text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE events (
  id bigserial PRIMARY KEY,
  trigger_id bigint REFERENCES triggers (id),
  kind text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz
);
CREATE TABLE actions (
  id bigserial PRIMARY KEY,
  event_id bigint NOT NULL REFERENCES events (id),
  name text NOT NULL,
  status text NOT NULL,
  done_at timestamptz
);
CREATE INDEX events_waiting ON events (id) WHERE processed_at IS NULL;

-- migrate:down
DROP TABLE actions;
DROP TABLE events;
DROP TABLE triggers;
