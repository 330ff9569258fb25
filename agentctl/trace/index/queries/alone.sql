-- A table as it is where nothing else has to be looked at. No join stands in the way of a question's order and limit, so that
-- the wide columns are read of those rows only which are shown. Put in are: {{table}}, its name; {{columns}}, those that are shown;
-- {{where}} it is; {{shown}}, a condition on its rows.
CREATE OR REPLACE VIEW {table} AS
SELECT {columns} FROM {where}.{table}
WHERE {shown};
