-- Approval requests, and what became of them.
CREATE OR REPLACE TEMP TABLE of_approvals AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "approval": "VARCHAR", "binding": {"call": "VARCHAR", "arguments_digest": "VARCHAR", "view_digest": "VARCHAR"},
    "tool": "VARCHAR", "requester": "VARCHAR", "actor": "VARCHAR", "reviewers": ["VARCHAR"], "quorum": "BIGINT",
    "expires_at": "VARCHAR", "risk_tier": "VARCHAR", "answer": "VARCHAR",
    "reviewer": {"id": "VARCHAR", "kind": "VARCHAR", "assurance": "VARCHAR", "key": "VARCHAR"},
    "reason": "VARCHAR", "changes": "JSON"
}'))
FROM loaded
WHERE starts_with(type, 'approval.');
