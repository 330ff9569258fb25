-- Words that both know are shown once.
CREATE OR REPLACE VIEW contents AS
SELECT * FROM indexed.main.contents
UNION ALL
SELECT * FROM fresh.contents WHERE digest NOT IN (SELECT digest FROM indexed.main.contents);
