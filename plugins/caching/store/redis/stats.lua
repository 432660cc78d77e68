-- How the cache stands as a whole.
--
-- Answers epoch, sequence, time (ms); how many entries are valid; of this Redis, the bytes it uses and how many keys it
-- has evicted; 1 if the next invalidation takes everything out because of those, else 0.

local count = call('ZCOUNT', ENTRIES, '(' .. whole(nowMs), '+inf')
local used = match(call('INFO', 'memory'), 'used_memory:(%d+)')
local now = evictedKeys()
return {epoch, sequence, nowMs, count, tonumber(used), tonumber(now), evicted ~= now and 1 or 0}
