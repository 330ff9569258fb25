-- One row per choice of a model.
SELECT run, seq, time, unnest(json_transform(data, '{
    "step": "BIGINT", "strategy": "VARCHAR", "alias": "VARCHAR", "chosen": "VARCHAR", "why": "VARCHAR",
    "candidates": "JSON", "facts": "JSON"
}')), run_kind
FROM loaded
LEFT JOIN of_kinds USING (run)
WHERE type = 'route.chosen'
