-- migrate:up
ALTER TABLE triggers ADD COLUMN label text;
CREATE TABLE labels (
  id bigserial PRIMARY KEY,
  label text NOT NULL UNIQUE
);
CREATE INDEX triggers_by_owner ON triggers (owner);

-- migrate:down
DROP INDEX triggers_by_owner;
DROP TABLE labels;
ALTER TABLE triggers DROP COLUMN label;
