-- Takes an amount from every bucket and quota, or from none. All amounts are whole micro-tokens.
--
-- For each entry, one after the other:
--   a bucket:        keys its own
--                    args 'bucket' capacity refillPerSecond amount ahead
--   a quota:         keys that of one period, that of the next, where it throttles that of its bucket
--                    args 'reject' | 'allow' | 'throttle' limit amount endOfOneMs oneKeptUntilMs nextKeptUntilMs,
--                         where it throttles capacity refillPerSecond
--
-- Answers 1 if all were given, else 0; the time in ms; and for each entry how it was before:
--   a bucket:        what it lacked, rounded down; what was taken ahead
--   a quota:         0 for one period or 1 for the next; used; the most used; where it throttles what its bucket lacked

local values = call('MGET', unpack(keys))
local answer = {1, nowMs}
-- What to write, in fives: that saves a table for each entry.
-- A bucket: key, deficit, what is taken, refill per second, whether its clock went back.
local buckets = {}
-- A quota: key, used, what is taken, most, kept until.
local quotas = {}
local k, a, n, b, q = 1, 1, 2, 0, 0

local function takeFromBucket(key, deficit, amount, refillPerSecond, clockWentBack)
  buckets[b + 1] = key
  buckets[b + 2] = deficit
  buckets[b + 3] = amount
  buckets[b + 4] = refillPerSecond
  buckets[b + 5] = clockWentBack
  b = b + 5
end

while args[a] do
  local kind = args[a]
  if kind == 'bucket' then
    local capacity, refillPerSecond, amount, ahead = args[a + 1], args[a + 2], args[a + 3], args[a + 4]
    local deficit, clockWentBack = lackOf(values[k], refillPerSecond)
    local lacks = floor(deficit)
    local left = capacity - lacks - amount
    if amount > 0 and left < 0 then answer[1] = 0 end
    -- Whoever takes ahead leaves at least as much for others.
    if left < 2 * ahead then ahead = 0 end
    takeFromBucket(keys[k], deficit, amount + ahead, refillPerSecond, clockWentBack)
    answer[n + 1] = lacks
    answer[n + 2] = ahead
    k, a, n = k + 1, a + 5, n + 2
  else
    local limit, amount, endOfOneMs = args[a + 1], args[a + 2], args[a + 3]
    local turn = nowMs < endOfOneMs and 0 or 1
    local used, most = countOf(values[k + turn])
    local beyond = math.max(0, math.min(amount, used + amount - limit))
    if kind == 'reject' and beyond > 0 then answer[1] = 0 end
    quotas[q + 1] = keys[k + turn]
    quotas[q + 2] = used
    quotas[q + 3] = amount
    quotas[q + 4] = most
    quotas[q + 5] = args[a + 4 + turn]
    answer[n + 1] = turn
    answer[n + 2] = used
    answer[n + 3] = most
    k, a, n, q = k + 2, a + 6, n + 3, q + 5
    if kind == 'throttle' then
      local capacity, refillPerSecond = args[a], args[a + 1]
      local deficit, clockWentBack = lackOf(values[k], refillPerSecond)
      local lacks = floor(deficit)
      if beyond > 0 and lacks + beyond > capacity then answer[1] = 0 end
      takeFromBucket(keys[k], deficit, beyond, refillPerSecond, clockWentBack)
      answer[n + 1] = lacks
      k, a, n = k + 1, a + 2, n + 1
    end
  end
end

local given = answer[1]
for i = 1, b, 5 do
  local taken = given * buckets[i + 2]
  -- Written anew also where nothing is taken, or nothing would come back until the clock is where it was.
  if taken > 0 or buckets[i + 4] then keepBucket(buckets[i], buckets[i + 1] + taken, buckets[i + 3]) end
end
for i = 1, q, 5 do
  local taken = given * quotas[i + 2]
  local used = quotas[i + 1] + taken
  if taken > 0 then keepCount(quotas[i], used, math.max(quotas[i + 3], used), quotas[i + 4]) end
end

return answer
