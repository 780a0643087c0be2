-- 0046: snapshots are believed only with a code by the service's key. Those of before have none:
-- they are made again, with one, when a long stream is read next.
DELETE FROM snapshots WHERE mac IS NULL;
