-- Posts $BENCH_BODY with the headers of $BENCH_HEADERS ("Name: value" lines), and prints one line of JSON. The header
-- that $BENCH_UNIQUE names, if any, has another value in every request, in no order, as GitHub's ids of deliveries have.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
for name, value in (os.getenv("BENCH_HEADERS") or ""):gmatch("([^:\n]+): ([^\n]*)") do
  wrk.headers[name] = value
end

local unique, number = os.getenv("BENCH_UNIQUE"), 0
if unique then
  math.randomseed(os.time())
  local run = os.time() % 0x1000000
  function request()
    number = number + 1
    local first, second = math.random(0, 0x7fffffff), math.random(0, 0xffff)
    wrk.headers[unique] = string.format("%08x-%04x-4000-8000-%06x%06x", first, second, run, number)
    return wrk.format()
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "errors": %d, "refused": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
