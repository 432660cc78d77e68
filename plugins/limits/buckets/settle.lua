-- Corrects what was taken by the difference to what was really used: below 0 it is given back, above 0 it is charged.
-- All amounts are whole micro-tokens.
--
-- For each entry, one after the other:
--   a bucket:        keys its own
--                    args 'bucket' capacity refillPerSecond difference
--   a quota:         keys that of the period, where it throttles that of its bucket
--                    args 'count' | 'throttle' limit difference keptUntilMs,
--                         where it throttles what its bucket had given, capacity, refillPerSecond
--
-- Answers for each entry how it is now:
--   a bucket:        what it lacks, rounded down
--   a quota:         used; the most used before and now; where it throttles what its bucket lacks

local values = call('MGET', unpack(keys))
local answer = {}
local k, a = 1, 1

-- Never above full, and never below empty by more than a bucket holds.
local function settleBucket(key, text, capacity, refillPerSecond, difference)
  local deficit, clockWentBack = lackOf(text, refillPerSecond)
  local settled = math.max(0, math.min(deficit + difference, math.max(deficit, 2 * capacity)))
  if settled ~= deficit or clockWentBack then keepBucket(key, settled, refillPerSecond) end
  answer[#answer + 1] = floor(settled)
end

while args[a] do
  local kind = args[a]
  if kind == 'bucket' then
    settleBucket(keys[k], values[k], args[a + 1], args[a + 2], args[a + 3])
    k, a = k + 1, a + 4
  else
    local limit, difference = args[a + 1], args[a + 2]
    local before, mostBefore = countOf(values[k])
    local used = math.max(0, before + difference)
    local most = math.max(mostBefore, used)
    if used ~= before then keepCount(keys[k], used, most, args[a + 3]) end
    answer[#answer + 1] = used
    answer[#answer + 1] = mostBefore
    answer[#answer + 1] = most
    k, a = k + 1, a + 4
    if kind == 'throttle' then
      local given = args[a]
      -- What was beyond the limit came last, so it is given back first.
      local share = math.max(difference, -given)
      if difference > 0 then share = math.max(0, math.min(difference, before + difference - limit)) end
      settleBucket(keys[k], values[k], args[a + 1], args[a + 2], share)
      k, a = k + 1, a + 3
    end
  end
end

return answer
