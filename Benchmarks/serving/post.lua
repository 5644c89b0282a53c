-- wrk script: posts the files 0, 1, … of the folder BODIES to TARGET in turn and prints the figures as one line of JSON.
local bodies, turn = {}, 0

function init()
    local headers = { ["Content-Type"] = os.getenv("CONTENT_TYPE") }
    local length = os.getenv("JSON_LENGTH")
    if length ~= "" then headers["Inference-Header-Content-Length"] = length end
    local index = 0
    while true do
        local file = io.open(os.getenv("BODIES") .. "/" .. index, "rb")
        if not file then break end
        bodies[#bodies + 1] = wrk.format("POST", os.getenv("TARGET"), headers, file:read("*a"))
        file:close()
        index = index + 1
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
