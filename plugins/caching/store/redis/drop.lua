-- Removes entries of a tag that was invalidated, and names the next of them: until none is left.
--
-- KEYS[3]     the marks of invalidations
-- KEYS[4]     the set of the tag
-- KEYS[5...]  the live marks of the entries
-- ARGV[2]     JSON: {tag, marks: how many are kept, keptMs: how long they are kept, most: how many to name}
-- ARGV[3...]  the ids of the entries
--
-- Answers epoch, sequence, time (ms); how many were valid; the ids of the next.

local given = cjson.decode(ARGV[2])
local count = 0
if #KEYS > 4 then
  local marks = call('MGET', unpack(KEYS, 5))
  for i = 1, #KEYS - 4 do
    if isValid(registeredAt(marks[i])) then count = count + 1 end
  end
  call('DEL', unpack(KEYS, 5))
  call('ZREM', KEYS[4], unpack(ARGV, 3))
  call('ZREM', ENTRIES, unpack(ARGV, 3))
end

local rest = call('ZRANGE', KEYS[4], 0, given.most - 1)
-- Once more, with a number of its own: who has read one of them since the first may have it in its memory again, or be
-- about to store what it has made of it.
if #KEYS > 4 and #rest == 0 then
  local previous = sequence
  sequence = nextSequence()
  mark({given.tag}, previous, given.marks, given.keptMs)
  keepState()
  announce(previous, {given.tag})
end
return {epoch, sequence, nowMs, count, rest}
