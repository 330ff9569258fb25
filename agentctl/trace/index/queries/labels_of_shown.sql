-- Labels, from where the newest ones are: they are taken in all at once. Those of runs that nobody asked about are left out.
CREATE OR REPLACE VIEW labels AS
SELECT * FROM {where}.labels
WHERE run NOT IN (SELECT run FROM fresh.left_out);
