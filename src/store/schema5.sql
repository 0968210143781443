-- SPDX-License-Identifier: MIT
--
-- Version 5: an agent that runs and is to be restarted after one that it depends on
-- (depends_on with restart: true).

ALTER TABLE agent_state ADD COLUMN to_follow INTEGER NOT NULL DEFAULT 0;
