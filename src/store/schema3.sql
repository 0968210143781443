-- SPDX-License-Identifier: MIT
--
-- Version 3: when images were pulled, containers taken over from Compose, and what an agent may
-- have of the host.
--
-- Times are milliseconds since 1970 in UTC.

-- By the reference as it stands in the row.
CREATE TABLE pulls (
    image     TEXT    NOT NULL PRIMARY KEY,
    pulled_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A container that Compose made, without roost's labels: it counts as made from a spec of this id
-- for this lifecycle.
CREATE TABLE taken (
    container_id TEXT NOT NULL PRIMARY KEY,
    agent        TEXT NOT NULL,
    spec         TEXT NOT NULL,
    lifecycle    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX taken_by_agent ON taken (agent);

-- Which fields of an agent may hand out the host, as the path that messages name.
CREATE TABLE allowed (
    agent      TEXT    NOT NULL,
    field      TEXT    NOT NULL,
    allowed_at INTEGER NOT NULL
        DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)),
    PRIMARY KEY (agent, field)
) STRICT, WITHOUT ROWID;

-- A permission goes with its row. One that is replaced under its name keeps it.
CREATE TRIGGER allowed_delete AFTER DELETE ON agents
BEGIN
    DELETE FROM allowed WHERE agent = OLD.name;
END;

CREATE TRIGGER allowed_rename AFTER UPDATE OF name ON agents WHEN OLD.name <> NEW.name
BEGIN
    DELETE FROM allowed WHERE agent = OLD.name;
END;
