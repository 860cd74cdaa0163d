-- wrk asks the bodies of a file in turn, each thread from a place of its own, and prints one JSON line at the end.
-- Arguments: the file of bodies, one JSON object a line, and the token.
local threads = 0

function setup(thread)
  thread:set("place", threads * 997)
  threads = threads + 1
end

function init(arguments)
  headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. arguments[2]}
  bodies = {}
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
end

function request()
  place = place + 1
  return wrk.format("POST", nil, headers, bodies[place % #bodies + 1])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p95_ms": %.2f, "p99_ms": %.2f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
