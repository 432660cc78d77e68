-- What all scripts of this folder begin with. The protocol stands in docs/caching.md.
--
-- KEYS[1]  the state: a hash
--            server    the replication id of the Redis that wrote it
--            epoch     its name; another one where anything may have been lost
--            sequence  that of the last invalidation; it only grows
--            floor     what was registered before this number is not valid any more
--            oldest    the marks of all invalidations after this number are kept
--            evicted   how many keys this Redis had evicted when the floor was set
-- KEYS[2]  all valid entries: a sorted set of ids by the time (ms) at which they end
-- ARGV[1]  the channel on which invalidations are announced

-- A local name is found faster than a global one, and this is where all gateways wait.
local call, find, match, sub = redis.call, string.find, string.match, string.sub
local STATE, ENTRIES, CHANNEL = KEYS[1], KEYS[2], ARGV[1]

local time = call('TIME')
-- Microseconds since 1970: a whole number that a double holds exactly.
local nowUs = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowUs / 1000)

local replication = call('INFO', 'replication')
if not find(replication, 'role:master', 1, true) then
  return redis.error_reply('READONLY the cache is not read from a replica')
end
local server = match(replication, 'master_replid:(%x+)')

local state = call('HMGET', STATE, 'server', 'epoch', 'sequence', 'floor', 'oldest', 'evicted')
local epoch, sequence, floor = state[2], tonumber(state[3]), tonumber(state[4])
local oldest, evicted = tonumber(state[5]), state[6]

-- Lua writes large numbers with 14 digits.
local function whole(number)
  return string.format('%.0f', number)
end

local function evictedKeys()
  return match(call('INFO', 'stats'), 'evicted_keys:(%d+)') or '0'
end

local function nextSequence()
  return math.max((sequence or 0) + 1, nowUs)
end

local function keepState()
  call('HSET', STATE, 'server', server, 'epoch', epoch, 'sequence', whole(sequence), 'floor', whole(floor),
    'oldest', whole(oldest), 'evicted', evicted)
end

-- Told with the number before it, so that whoever has not heard that one notices.
local function announce(previous, tags)
  call('PUBLISH', CHANNEL, cjson.encode({epoch, whole(previous), whole(sequence), tags}))
end

-- Whether what was registered under this number (0: nothing) has been overtaken by an invalidation of everything.
local function isValid(registeredAt)
  return registeredAt >= floor
end

-- A live mark is '<sequence at which it was registered>:<token>'.
local function registeredAt(mark)
  return mark and tonumber(sub(mark, 1, find(mark, ':', 1, true) - 1)) or -1
end

-- Another Redis than before: restarted, or a replica that was promoted. It may lack what was acknowledged last, and what
-- it has may be older than what was invalidated. So nothing of it is valid any more. The same for a state that is gone.
if state[1] ~= server or not sequence then
  sequence = nextSequence()
  epoch = whole(sequence) .. '-' .. sub(server, 1, 16)
  floor, oldest, evicted = sequence, sequence, evictedKeys()
  call('UNLINK', ENTRIES)
  keepState()
  announce(0, {'all'})
end
