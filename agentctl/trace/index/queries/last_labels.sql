SELECT run, label, said_by, said_by_kind, said_by_assurance, reason
FROM labels
WHERE list_contains($runs::VARCHAR[], run)
QUALIFY row_number() OVER (PARTITION BY run ORDER BY seq DESC) = 1;
