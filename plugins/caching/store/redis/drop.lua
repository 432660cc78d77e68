-- Removes entries of a tag that was invalidated, and names the next of them: until none is left.
--
-- KEYS[3]     the set of the tag
-- KEYS[4...]  the live marks of the entries
-- ARGV[2]     the tag
-- ARGV[3]     how many to name
-- ARGV[4...]  the ids of the entries
--
-- Answers epoch, sequence, time (ms); how many were valid; the ids of the next.

local count = 0
if #KEYS > 3 then
  local marks = call('MGET', unpack(KEYS, 4))
  for i = 1, #KEYS - 3 do
    if isValid(registeredAt(marks[i])) then count = count + 1 end
  end
  call('DEL', unpack(KEYS, 4))
  call('ZREM', KEYS[3], unpack(ARGV, 4))
  call('ZREM', ENTRIES, unpack(ARGV, 4))
end

local rest = call('ZRANGE', KEYS[3], 0, ARGV[3] - 1)
-- Told a second time: whoever has read one of them since the first has it in its memory again.
if #KEYS > 3 and #rest == 0 then announce(sequence, {ARGV[2]}) end
return {epoch, sequence, nowMs, count, rest}
