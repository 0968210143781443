-- SPDX-License-Identifier: MIT
--
-- Version 1 of the database. docs/database.md explains the tables to operators; here is why
-- they are built so.
--
-- Any process may write `agents` with plain SQL, with the default pragmas of any client. Hence:
--   * Triggers do not count on recursive_triggers or foreign_keys, and work as well with them on.
--   * With recursive_triggers off, REPLACE removes the row in the way without firing a DELETE
--     trigger. `name` is the only unique key (WITHOUT ROWID: there is no rowid that could
--     conflict), so the row removed always bears the name of the row that comes: no tombstone
--     is missed.
--   * An OR clause of the user's statement overrides the OR clauses inside a trigger, so
--     triggers have none: they delete, then insert.
--   * Only functions that every build of SQLite has; unixepoch('subsec') is too new, hence
--     julianday(), which counts days (2440587.5 is 1970-01-01).
--   * The names of the constraints are what a refused writer reads.
--
-- Times are milliseconds since 1970 in UTC.

-- One row: the identity of this database, its fleet, and the counter that all generations
-- are drawn from.
CREATE TABLE meta (
    id         INTEGER PRIMARY KEY DEFAULT 1 CONSTRAINT "meta has one row" CHECK (id = 1),
    uid        TEXT    NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    fleet      TEXT    NOT NULL DEFAULT ''
        CONSTRAINT "fleet: at most 63 of a-z 0-9 _ -, the first a letter or a digit"
        CHECK (fleet = '' OR (fleet GLOB '[a-z0-9]*' AND fleet NOT GLOB '*[^a-z0-9_-]*'
                              AND length(CAST(fleet AS BLOB)) <= 63)),
    generation INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO meta DEFAULT VALUES;

CREATE TRIGGER meta_insert BEFORE INSERT ON meta
BEGIN
    SELECT RAISE(ABORT, 'meta has one row, which is there already');
END;

CREATE TRIGGER meta_update BEFORE UPDATE OF uid, generation ON meta
WHEN NEW.uid IS NOT OLD.uid OR NEW.generation NOT IN (OLD.generation, OLD.generation + 1)
BEGIN
    SELECT RAISE(ABORT, 'meta.uid never changes, and meta.generation only counts up by one');
END;

CREATE TRIGGER meta_delete BEFORE DELETE ON meta
BEGIN
    SELECT RAISE(ABORT, 'the row of meta must stay');
END;

-- Databases whose containers this one has taken over.
CREATE TABLE takeovers (
    uid      TEXT    NOT NULL PRIMARY KEY,
    taken_at INTEGER NOT NULL
        DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER))
) STRICT, WITHOUT ROWID;

-- How the fleet should be. `spec` is not checked to be JSON: a row that makes no sense fails
-- its agent, with a message, and not the writer.
--
-- GLOB and length() stop at a NUL byte, hence the comparison of the two lengths of `name`.
CREATE TABLE agents (
    name         TEXT    NOT NULL PRIMARY KEY
        CONSTRAINT "name: 1 to 63 of a-z A-Z 0-9 _ . -, the first a letter or a digit, no two dots in a row"
        CHECK (name GLOB '[a-zA-Z0-9]*' AND name NOT GLOB '*[^a-zA-Z0-9_.-]*'
               AND name NOT GLOB '*..*' AND length(CAST(name AS BLOB)) <= 63
               AND length(name) = length(CAST(name AS BLOB))),
    lifecycle    TEXT    NOT NULL DEFAULT 'hot'
        CONSTRAINT "lifecycle: hot or lazy" CHECK (lifecycle IN ('hot', 'lazy')),
    image        TEXT    NOT NULL
        CONSTRAINT "image: 1 to 4096 bytes" CHECK (length(CAST(image AS BLOB)) BETWEEN 1 AND 4096),
    spec         TEXT    NOT NULL DEFAULT '{}'
        CONSTRAINT "spec: at most 1 MiB" CHECK (length(CAST(spec AS BLOB)) <= 1048576),
    idle_timeout TEXT
        CONSTRAINT "idle_timeout: a duration like 90s or 1h30m, or NULL"
        CHECK (length(CAST(idle_timeout AS BLOB)) <= 64),
    pool         TEXT
        CONSTRAINT "pool: at most 63 bytes" CHECK (length(CAST(pool AS BLOB)) <= 63),
    held         INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "held: 0 or 1" CHECK (held IN (0, 1)),
    held_reason  TEXT
        CONSTRAINT "held_reason: at most 4096 bytes" CHECK (length(CAST(held_reason AS BLOB)) <= 4096),
    source       TEXT
        CONSTRAINT "source: at most 4096 bytes" CHECK (length(CAST(source AS BLOB)) <= 4096),
    applied      TEXT
        CONSTRAINT "applied: at most 4096 bytes" CHECK (length(CAST(applied AS BLOB)) <= 4096),
    generation   INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL
        DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)),
    updated_at   INTEGER NOT NULL
        DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER))
) STRICT, WITHOUT ROWID;

CREATE INDEX agents_by_generation ON agents (generation);

-- Agents that are gone while their container may still be there. Only a tombstone makes
-- roost remove a container; a row of that name voids it. `spec` is the last one, for the
-- container's name.
CREATE TABLE tombstones (
    name       TEXT    NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0),
    deleted_at INTEGER NOT NULL,
    spec       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_by_generation ON tombstones (generation);

CREATE TRIGGER agents_insert AFTER INSERT ON agents
BEGIN
    UPDATE meta SET generation = generation + 1;
    UPDATE agents SET generation = (SELECT generation FROM meta) WHERE name = NEW.name;
    DELETE FROM tombstones WHERE name = NEW.name;
END;

-- A statement that changes nothing draws no generation. A rename draws two: one for the name
-- that goes, then one for the name that comes.
CREATE TRIGGER agents_update
AFTER UPDATE OF name, lifecycle, image, spec, idle_timeout, pool, held, held_reason, source, applied
ON agents
WHEN (OLD.name, OLD.lifecycle, OLD.image, OLD.spec, OLD.idle_timeout, OLD.pool, OLD.held,
      OLD.held_reason, OLD.source, OLD.applied)
     IS NOT
     (NEW.name, NEW.lifecycle, NEW.image, NEW.spec, NEW.idle_timeout, NEW.pool, NEW.held,
      NEW.held_reason, NEW.source, NEW.applied)
BEGIN
    UPDATE meta SET generation = generation + 1 WHERE OLD.name <> NEW.name;
    DELETE FROM tombstones WHERE name IN (OLD.name, NEW.name);
    INSERT INTO tombstones (name, generation, deleted_at, spec)
        SELECT OLD.name, generation,
               CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), OLD.spec
        FROM meta WHERE OLD.name <> NEW.name;
    UPDATE meta SET generation = generation + 1;
    UPDATE agents
        SET generation = (SELECT generation FROM meta),
            updated_at = CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)
        WHERE name = NEW.name;
END;

-- A generation written by hand is replaced by the next of the counter. The triggers above set
-- the counter's own value, which is let through.
CREATE TRIGGER agents_generation AFTER UPDATE OF generation ON agents
WHEN NEW.generation IS NOT (SELECT generation FROM meta)
BEGIN
    UPDATE meta SET generation = generation + 1;
    UPDATE agents SET generation = (SELECT generation FROM meta) WHERE name = NEW.name;
END;

CREATE TRIGGER agents_delete AFTER DELETE ON agents
BEGIN
    UPDATE meta SET generation = generation + 1;
    DELETE FROM tombstones WHERE name = OLD.name;
    INSERT INTO tombstones (name, generation, deleted_at, spec)
        SELECT OLD.name, generation,
               CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), OLD.spec
        FROM meta;
END;

-- What roost remembers of an agent, until its tombstone has done its work.
CREATE TABLE agent_state (
    agent             TEXT    NOT NULL PRIMARY KEY,
    container_id      TEXT,
    state             TEXT    NOT NULL,
    reason            TEXT,
    failed_generation INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Anonymous volumes, which go over from an agent's container to its next one.
CREATE TABLE agent_volumes (
    agent       TEXT NOT NULL,
    destination TEXT NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (agent, destination)
) STRICT, WITHOUT ROWID;

-- The networks and volumes of the fleet's files.
CREATE TABLE resources (
    source      TEXT    NOT NULL,
    kind        TEXT    NOT NULL
        CONSTRAINT "kind: network or volume" CHECK (kind IN ('network', 'volume')),
    key         TEXT    NOT NULL,
    engine_name TEXT    NOT NULL,
    external    INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "external: 0 or 1" CHECK (external IN (0, 1)),
    body        TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, kind, key)
) STRICT, WITHOUT ROWID;
