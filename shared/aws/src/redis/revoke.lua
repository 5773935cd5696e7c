-- Keeps the latest moment of a revocation: the stream may tell of them out of order.
-- KEYS  the revocation
-- ARGV  its moment (ms), how long it lives (ms)
local held = tonumber(redis.call('GET', KEYS[1]) or '') or 0
redis.call('SET', KEYS[1], string.format('%.0f', math.max(held, tonumber(ARGV[1]))), 'PX', ARGV[2])
return 1
