-- How buckets and quotas are kept, for both scripts. state.ts and bucket.ts say the same in TypeScript.

-- A local name is found faster than a global one, and this is where all gateways wait.
local call, pack, unpackValue, floor = redis.call, struct.pack, struct.unpack, math.floor
local keys = KEYS
-- All arguments in one: reading that takes half as long, here and in the gateways.
local args = cjson.decode(ARGV[1])

local time = call('TIME')
-- Microseconds since 1970: a whole number that a double holds exactly.
local now = time[1] * 1000000 + time[2]
local nowMs = floor(now / 1000)

-- Values are two doubles of 8 bytes: text would cost as much again to write and to read, and its last digits.
local FORM = '<dd'
-- Clocks disagree about when a period is over: no count ends sooner than this after it was last written.
local LEAST_QUOTA_TTL_MS = 60000
-- Redis answers with whole numbers of 64 bits.
local MAX_COUNT = 4e18

-- What a bucket lacks to be full by now, in micro-tokens, and whether the clock has gone back since it was written.
-- Kept is what it lacked and when, in microseconds; a full one is not kept. For a time that has not passed, nothing
-- comes back.
local function lackOf(value, refillPerSecond)
  if not value then return 0, false end
  local deficit, since = unpackValue(FORM, value)
  if now < since then return deficit, true end
  deficit = deficit - refillPerSecond * (now - since)
  return deficit > 0 and deficit or 0, false
end

-- It expires when it is full.
local function keepBucket(key, deficit, refillPerSecond)
  if deficit == 0 then
    call('DEL', key)
  else
    local ttl = math.ceil(deficit / refillPerSecond / 1000) + 1
    call('PSETEX', key, string.format('%d', ttl), pack(FORM, deficit, now))
  end
end

-- What was used of a quota in one period, and the most that ever was: refunds lower only the first. Both are whole
-- micro-tokens.
local function countOf(value)
  if not value then return 0, 0 end
  local used, most = unpackValue(FORM, value)
  return used, most
end

local function keepCount(key, used, most, keptUntilMs)
  local ttl = math.max(LEAST_QUOTA_TTL_MS, keptUntilMs - nowMs)
  used, most = math.min(used, MAX_COUNT), math.min(most, MAX_COUNT)
  call('PSETEX', key, string.format('%d', ttl), pack(FORM, used, most))
end
