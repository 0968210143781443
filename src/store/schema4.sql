-- SPDX-License-Identifier: MIT
--
-- Version 4: what is remembered of jobs, which run once for each spec that they get: the spec's
-- hash, cut to a number, with its lowest bit set when the run ended well; 0 for none.

ALTER TABLE agent_state ADD COLUMN job_ran INTEGER NOT NULL DEFAULT 0;
