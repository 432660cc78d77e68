-- Which entries are valid, and the position of what is fetched from now on.
--
-- KEYS[3...]  the live marks of entries
--
-- Answers epoch, sequence, time (ms); then for each entry its live mark, or null.

local answer = {epoch, sequence, nowMs}
local count = #KEYS - 2
if count > 0 then
  local marks = call('MGET', unpack(KEYS, 3))
  for i = 1, count do
    local mark = marks[i]
    answer[3 + i] = isValid(registeredAt(mark)) and mark
  end
end
return answer
