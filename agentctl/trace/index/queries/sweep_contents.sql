-- Words that nobody says any more go with the journals that said them.
DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM said WHERE digest IS NOT NULL);
