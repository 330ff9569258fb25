-- Of what the loaded records speak: the first word of their types.
SELECT DISTINCT split_part(type, '.', 1) FROM loaded;
