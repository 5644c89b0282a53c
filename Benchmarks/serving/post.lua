-- wrk script: posts the lines of the file REQUESTS to /predict in turn and prints the figures as one line of JSON.
local bodies, turn = {}, 0

function init()
    local headers = { ["Content-Type"] = "application/json" }
    for line in io.lines(os.getenv("REQUESTS")) do
        bodies[#bodies + 1] = wrk.format("POST", "/predict", headers, line)
    end
end

function request()
    turn = turn % #bodies + 1
    return bodies[turn]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\nfigures {"requests":%d,"microseconds":%d,"p50":%.1f,"p99":%.1f,"errors":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout
    ))
end
