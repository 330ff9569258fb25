SELECT label, said_by, said_by_kind, said_by_assurance, reason, time
FROM labels
WHERE run = $run
ORDER BY seq;
