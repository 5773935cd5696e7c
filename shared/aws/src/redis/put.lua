-- Stores an entry unless there is one of the same or a newer version. An entry begins with its version in digits. The very
-- same entry again begins its life anew.
-- KEYS  the entry
-- ARGV  its version, its text, how long it lives (ms)
local held = tonumber(string.match(redis.call('GETRANGE', KEYS[1], 0, 20), '^%d+') or '')
if held and held >= tonumber(ARGV[1]) then
  if redis.call('GET', KEYS[1]) == ARGV[2] then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
