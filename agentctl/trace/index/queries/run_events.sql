SELECT seq, time, hash, type, data
FROM events
WHERE run = $run
ORDER BY seq;
