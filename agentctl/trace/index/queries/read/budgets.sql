-- Ceilings: reached, gone over, raised; a loop is a ceiling too, of repeats.
CREATE OR REPLACE TEMP TABLE of_budgets AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "call": "VARCHAR", "step": "BIGINT", "meter": "VARCHAR", "limit": "DECIMAL(28, 12)", "reserved": "DECIMAL(28, 12)",
    "reported": "DECIMAL(28, 12)", "used": "DECIMAL(28, 12)", "asked": "DECIMAL(28, 12)", "repeats": "DECIMAL(28, 12)",
    "limits": {"max_cost_usd": "DECIMAL(28, 12)"},
    "reviewer": {"id": "VARCHAR", "kind": "VARCHAR", "assurance": "VARCHAR"}, "reason": "VARCHAR"
}'))
FROM loaded
WHERE starts_with(type, 'budget.') OR type = 'loop.detected';
