-- Begins an invalidation: from here on, nothing is registered that was fetched before, and every process hears of it.
-- What is registered already is removed by drop.lua, or at once where it is everything.
--
-- KEYS[3]  the marks of invalidations: a sorted set of tags by sequence
-- ARGV[2]  JSON: {tags: [names], everything: boolean, marks: how many are kept, keptMs: how long they are kept}
--
-- Answers epoch, sequence, time (ms); 1 if everything was invalidated, else 0; how many entries that were.

local given = cjson.decode(ARGV[2])
local previous = sequence
sequence = nextSequence()

-- Where keys are evicted, the set of a tag may be gone while its entries are not.
local now = evictedKeys()
local everything = given.everything or evicted ~= now
local count = 0

if everything then
  floor, evicted = sequence, now
  count = call('ZCOUNT', ENTRIES, '(' .. whole(nowMs), '+inf')
  call('UNLINK', ENTRIES)
end

if not given.everything then
  local marks = {}
  for i = 1, #given.tags do
    marks[2 * i - 1] = sequence
    marks[2 * i] = given.tags[i]
  end
  if call('EXISTS', KEYS[3]) == 0 then oldest = previous end
  call('ZADD', KEYS[3], unpack(marks))
  local over = call('ZCARD', KEYS[3]) - given.marks
  if over > 0 then
    oldest = math.max(oldest, tonumber(call('ZRANGE', KEYS[3], over - 1, over - 1, 'WITHSCORES')[2]))
    call('ZREMRANGEBYRANK', KEYS[3], 0, over - 1)
  end
  call('PEXPIRE', KEYS[3], given.keptMs)
end

keepState()
announce(previous, given.everything and {'all'} or given.tags)
return {epoch, sequence, nowMs, everything and 1 or 0, count}
