-- Names entries of tags. Those that were invalidated all at once are still among them: their live marks tell.
--
-- KEYS[3...]  the sets of the tags
-- ARGV[2]     how many of each set to leave out: the ones that end last come first
-- ARGV[3]     how many of each set to name
--
-- Answers epoch, sequence, time (ms); then for each set a list of ids, empty where none is left.

local answer = {epoch, sequence, nowMs}
local first, most = tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 3, #KEYS do
  -- By rank: to leave out many costs nothing then.
  local unended = call('ZCOUNT', KEYS[i], '(' .. whole(nowMs), '+inf')
  local last = math.min(first + most, unended) - 1
  answer[1 + i] = last < first and {} or call('ZREVRANGE', KEYS[i], first, last)
end
return answer
