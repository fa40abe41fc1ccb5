-- migrate:up
ALTER TABLE triggers RENAME COLUMN owner TO customer;
ALTER TABLE actions RENAME COLUMN status TO state;

-- migrate:down
ALTER TABLE actions RENAME COLUMN state TO status;
ALTER TABLE triggers RENAME COLUMN customer TO owner;
