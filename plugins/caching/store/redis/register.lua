-- Makes entries valid, except those of which something was invalidated since they began to be fetched.
--
-- KEYS[3]     the marks of invalidations: a sorted set of tags by sequence
-- KEYS[4...]  the live marks of the entries; then the sets of the tags: sorted sets of ids by the time at which they end
-- ARGV[2]     JSON: {epoch, sequence: where fetching began, token, tags: [names], entries: [[id, ttl in ms, [indices of tags]]]}
--
-- Answers epoch, sequence, time (ms); then for each entry 1 if it is valid now, else 0.

-- Of a set, expired members are removed with each that is added, and so many more: it never grows by them, and no write
-- has to pay for many.
local TRIMMED = 16

local given = cjson.decode(ARGV[2])
local entries, tags, since = given.entries, given.tags, given.sequence
local answer = {epoch, sequence, nowMs}
local firstLive, firstTag = 3, 3 + #entries

local quiet = since == sequence
-- Without the marks of all invalidations since then, it cannot be told what they were of.
local known = given.epoch == epoch and since >= floor and since >= oldest
  and (quiet or call('EXISTS', KEYS[3]) == 1)

local function isInvalidated(tag)
  local at = not quiet and call('ZSCORE', KEYS[3], tags[tag])
  return at and tonumber(at) > since
end

local judged = {}
local function areValid(indices)
  if not known then return false end
  for i = 1, #indices do
    local tag = indices[i] + 1
    if judged[tag] == nil then judged[tag] = not isInvalidated(tag) end
    if not judged[tag] then return false end
  end
  return true
end

local function add(set, member, ttl)
  local members = set.members
  members[#members + 1] = nowMs + ttl
  members[#members + 1] = member
  if ttl > set.ttl then set.ttl = ttl end
end

-- A set ends with the last of its members.
local function keep(key, set)
  call('ZADD', key, unpack(set.members))
  local ended = call('ZCOUNT', key, '-inf', nowMs)
  if ended > 0 then
    call('ZREMRANGEBYRANK', key, 0, math.min(ended, #set.members / 2 + TRIMMED) - 1)
  end
  if call('PTTL', key) < set.ttl then call('PEXPIRE', key, set.ttl) end
end

local all = {members = {}, ttl = 0}
local sets = {}
local mark = whole(sequence) .. ':' .. given.token
for i = 1, #entries do
  local id, ttl, indices = entries[i][1], entries[i][2], entries[i][3]
  local valid = areValid(indices)
  if valid then
    call('SET', KEYS[firstLive + i], mark, 'PX', ttl)
    add(all, id, ttl)
    for j = 1, #indices do
      local tag = indices[j] + 1
      sets[tag] = sets[tag] or {members = {}, ttl = 0}
      add(sets[tag], id, ttl)
    end
  end
  answer[3 + i] = valid and 1 or 0
end

if all.ttl > 0 then keep(ENTRIES, all) end
for tag, set in pairs(sets) do keep(KEYS[firstTag + tag], set) end
return answer
