-- One row per choice of a model.
SELECT run, seq, time, unnest(json_transform(data, '{
    "step": "BIGINT", "strategy": "VARCHAR", "alias": "VARCHAR", "chosen": "VARCHAR", "why": "VARCHAR",
    "candidates": "JSON", "facts": "JSON"
}'))
FROM loaded
WHERE type = 'route.chosen'
