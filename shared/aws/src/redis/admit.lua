-- One call's admission: counts it, looks for a revocation, and gives the entry of what it asks for.
-- KEYS  the limit's state, the user's revocation, the session's revocation, the entry, the lease to fill it
-- ARGV  now (ms), the time this call pays for (us), the tolerance (us), when the token was issued at the earliest (ms),
--       how long a lease lasts (ms; 0 when no entry is asked for), how near its end an entry is read anew (ms)
-- Gives {the limit's state before this call, as text; 1 when revoked; the entry or nothing; 1 when the caller has the lease}.
-- The arithmetic is domain::rate_limit::decide's. Microseconds since the epoch are below 2^53: exact in a Lua number.
local now_us = tonumber(ARGV[1]) * 1000
local interval_us = tonumber(ARGV[2])
local tolerance_us = tonumber(ARGV[3])
local issued_at_ms = tonumber(ARGV[4])
local lease_ms = tonumber(ARGV[5])

local found = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
local before_us = tonumber(found[1] or '') or 0
local user_revoked_at_ms = tonumber(found[2] or '')
local session_revoked = found[3]

local next_us = math.max(before_us, now_us) + interval_us
local allowed = next_us - now_us <= tolerance_us
-- A refused call changes nothing.
if allowed then
  -- A state in the past is as good as none: it need not outlive itself.
  local lives_ms = math.ceil((next_us - now_us) / 1000) + 1000
  redis.call('SET', KEYS[1], string.format('%.0f', next_us), 'PX', string.format('%.0f', lives_ms))
end

local revoked = session_revoked or (user_revoked_at_ms and issued_at_ms <= user_revoked_at_ms)
local entry = false
local fills = 0
if allowed and not revoked and lease_ms > 0 then
  entry = redis.call('GET', KEYS[4])
  local is_due = false
  -- What is gone stays gone: only bodies are read anew. An entry without an end (-1) has none to be near to.
  if entry and string.find(entry, '^%d+:') then
    local left_ms = redis.call('PTTL', KEYS[4])
    is_due = left_ms >= 0 and left_ms <= tonumber(ARGV[6])
  end
  if (not entry or is_due) and redis.call('SET', KEYS[5], 1, 'NX', 'PX', ARGV[5]) then
    fills = 1
  end
end
return { string.format('%.0f', before_us), revoked and 1 or 0, entry, fills }
