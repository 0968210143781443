-- SPDX-License-Identifier: MIT
--
-- Version 2: leases, events, and what the watchdog remembers of an agent.
--
-- Times in *_ns are of CLOCK_BOOTTIME and mean something only under the boot id beside them.

ALTER TABLE agent_state ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_state ADD COLUMN episodes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN restart_1_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN restart_2_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN restart_3_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN retry_at_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN idle_since_ns INTEGER NOT NULL DEFAULT 0;

-- Who wants an agent awake, and until when. The wall time counts only after a reboot.
CREATE TABLE leases (
    id         TEXT    NOT NULL PRIMARY KEY,
    agent      TEXT    NOT NULL,
    boot_id    TEXT    NOT NULL,
    until_ns   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_by_agent ON leases (agent);

-- Leases of a row that goes, go. One that is replaced under its name keeps them.
CREATE TRIGGER leases_delete AFTER DELETE ON agents
BEGIN
    DELETE FROM leases WHERE agent = OLD.name;
END;

CREATE TRIGGER leases_rename AFTER UPDATE OF name ON agents WHEN OLD.name <> NEW.name
BEGIN
    DELETE FROM leases WHERE agent = OLD.name;
END;

-- What happened. Ids are never used again: a client that follows names the last one it saw.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    time      INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    agent     TEXT,
    lifecycle TEXT,
    state     TEXT,
    reason    TEXT    NOT NULL DEFAULT '',
    detail    TEXT    NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX events_by_agent ON events (agent, id);
CREATE INDEX events_by_kind ON events (kind, id);
CREATE INDEX events_by_time ON events (time);
