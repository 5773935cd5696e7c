-- Looks for an entry that another is filling, and takes the lease to fill it once that has run out.
-- KEYS  the entry, the lease
-- ARGV  how long a lease lasts (ms)
-- Gives {the entry or nothing; 1 when the caller has the lease}.
local entry = redis.call('GET', KEYS[1])
local fills = not entry and redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[1])
return { entry, fills and 1 or 0 }
