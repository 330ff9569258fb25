-- Words are kept once, by their digest, however many runs say them.
INSERT INTO contents
SELECT digest, any_value(content)
FROM of_messages
WHERE digest IS NOT NULL AND digest NOT IN (SELECT digest FROM contents)
GROUP BY digest;
