-- Begins an invalidation: from here on, nothing is registered that was fetched before, and every process hears of it.
-- What is registered already is removed by drop.lua, or at once where it is everything.
--
-- KEYS[3]  the marks of invalidations
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

if not given.everything then mark(given.tags, previous, given.marks, given.keptMs) end

keepState()
announce(previous, given.everything and {'all'} or given.tags)
return {epoch, sequence, nowMs, everything and 1 or 0, count}
