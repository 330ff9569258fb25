-- The index and what is not in it yet, as one. `fresh` holds the journals that changed since they were indexed.
CREATE VIEW events AS
SELECT * FROM indexed.main.events WHERE run NOT IN (SELECT run FROM fresh.outdated)
UNION ALL
SELECT * FROM fresh.events;

CREATE VIEW journals AS
SELECT * FROM indexed.main.journals WHERE run NOT IN (SELECT run FROM fresh.outdated)
UNION ALL
SELECT * FROM fresh.journals;
