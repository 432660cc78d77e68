-- For scripts that give an invalidation its number. Stands between state.lua and theirs.
--
-- KEYS[3]  the marks of invalidations: a sorted set of tags by sequence

-- Nothing of these tags is registered any more that began to be fetched before the sequence came to be what it is now,
-- and no more `previous`. So many marks are kept, for so long.
local function mark(tags, previous, most, keptMs)
  local marks = {}
  for i = 1, #tags do
    marks[2 * i - 1] = sequence
    marks[2 * i] = tags[i]
  end
  if call('EXISTS', KEYS[3]) == 0 then oldest = previous end
  call('ZADD', KEYS[3], unpack(marks))
  local over = call('ZCARD', KEYS[3]) - most
  if over > 0 then
    oldest = math.max(oldest, tonumber(call('ZRANGE', KEYS[3], over - 1, over - 1, 'WITHSCORES')[2]))
    call('ZREMRANGEBYRANK', KEYS[3], 0, over - 1)
  end
  call('PEXPIRE', KEYS[3], keptMs)
end
