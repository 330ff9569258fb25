-- Every row says of which kind its run is, so that a question about one kind needs no join. A record of no run, as evals have
-- them, is of none.
ALTER TABLE approvals ADD COLUMN run_kind VARCHAR;
ALTER TABLE decisions ADD COLUMN run_kind VARCHAR;
ALTER TABLE events ADD COLUMN run_kind VARCHAR;
ALTER TABLE model_calls ADD COLUMN run_kind VARCHAR;
ALTER TABLE overrides ADD COLUMN run_kind VARCHAR;
ALTER TABLE routes ADD COLUMN run_kind VARCHAR;
ALTER TABLE said ADD COLUMN run_kind VARCHAR;
ALTER TABLE spend ADD COLUMN run_kind VARCHAR;
ALTER TABLE tool_calls ADD COLUMN run_kind VARCHAR;

UPDATE approvals SET run_kind = runs.kind FROM runs WHERE runs.run = approvals.run;
UPDATE decisions SET run_kind = runs.kind FROM runs WHERE runs.run = decisions.run;
UPDATE events SET run_kind = runs.kind FROM runs WHERE runs.run = events.run;
UPDATE model_calls SET run_kind = runs.kind FROM runs WHERE runs.run = model_calls.run;
UPDATE overrides SET run_kind = runs.kind FROM runs WHERE runs.run = overrides.run;
UPDATE routes SET run_kind = runs.kind FROM runs WHERE runs.run = routes.run;
UPDATE said SET run_kind = runs.kind FROM runs WHERE runs.run = said.run;
UPDATE spend SET run_kind = runs.kind FROM runs WHERE runs.run = spend.run;
UPDATE tool_calls SET run_kind = runs.kind FROM runs WHERE runs.run = tool_calls.run;
