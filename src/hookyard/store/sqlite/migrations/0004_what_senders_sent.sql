-- What senders sent that jobs came of.

-- Its rows go with their job by a trigger: a foreign key would be looked at with every event that is added.
CREATE TABLE inbound (
  job_key  INTEGER PRIMARY KEY,
  source   TEXT NOT NULL,
  event    TEXT NOT NULL,             -- as the sender names its kind
  delivery TEXT NOT NULL,             -- the sender's id of it, or the SHA-256 of its body in hex
  headers  TEXT,                      -- JSON object, by lower-case name; NULL: not kept
  body     BLOB                       -- JSON; NULL when it is the args of the job
) STRICT;
CREATE TRIGGER inbound_of_job AFTER DELETE ON job_log BEGIN
  DELETE FROM inbound WHERE job_key = old.key;
END;
