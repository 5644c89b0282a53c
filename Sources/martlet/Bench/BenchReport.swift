package import Core

/// What `martlet bench` tells.
package struct BenchReport: Sendable {
    /// What the server said of the same time; nil where it says nothing.
    package struct Server: Sendable, Equatable {
        /// Processor time of the process, in seconds.
        var processorSeconds: Double?
        /// Mean microseconds of the parts of a request.
        var queue: Double?
        var computeInput: Double?
        var computeInfer: Double?
        var computeOutput: Double?

        /// Makes a record; what is not given was not told.
        package init(
            processorSeconds: Double? = nil,
            queue: Double? = nil,
            computeInput: Double? = nil,
            computeInfer: Double? = nil,
            computeOutput: Double? = nil
        ) {
            self.processorSeconds = processorSeconds
            self.queue = queue
            self.computeInput = computeInput
            self.computeInfer = computeInfer
            self.computeOutput = computeOutput
        }
    }

    let target: String
    let wire: String
    let rows: Int
    let plan: LoadPlan
    let result: LoadResult
    let server: Server

    /// Makes a report.
    package init(target: String, wire: String, rows: Int, plan: LoadPlan, result: LoadResult, server: Server) {
        self.target = target
        self.wire = wire
        self.rows = rows
        self.plan = plan
        self.result = result
        self.server = server
    }

    private var perSecond: Double { result.seconds > 0 ? Double(result.answered) / result.seconds : 0 }

    /// Processor time of the server for each request, in microseconds.
    private var processorMicroseconds: Double? {
        let all = result.answered + result.failed
        guard let seconds = server.processorSeconds, all > 0 else { return nil }
        return seconds * 1e6 / Double(all)
    }

    private static let percentiles = [50, 90, 95, 99, 99.9]

    /// The report for people.
    package var text: String {
        var lines = ["\(target) by \(wire), \(rows) \(rows == 1 ? "row" : "rows") a request"]
        let loop = plan.rate.map { "open loop, \(Self.number($0)) requests/s due" } ?? "closed loop"
        lines.append(
            "\(loop), \(plan.connections) connections, \(Self.number(plan.duration)) s after \(Self.number(plan.warmup)) s"
                + " of warm-up"
        )
        lines.append("")
        func add(_ name: String, _ value: String) {
            lines.append(name.padding(20) + value)
        }
        add("requests", "\(result.answered) answered, \(result.failed) failed")
        add("requests/s", Self.number(perSecond))
        if rows > 1 { add("rows/s", Self.number(perSecond * Double(rows))) }
        add("latency mean", "\(Self.number(result.mean)) µs (± \(Self.number(result.deviation)))")
        for percent in Self.percentiles {
            add("latency p\(Self.number(percent))", "\(Self.number(result.percentile(percent))) µs")
        }
        add("latency max", "\(Self.number(result.percentile(100))) µs")
        if plan.rate != nil {
            add("", "from the time a request was due, so that waiting counts")
            if result.unsent > 0 {
                add("never sent", "\(result.unsent) requests were due but found no free connection")
            }
        }
        for (kind, count) in result.failures.sorted(by: { $0.key < $1.key }) { add("failed: \(kind)", "\(count)") }
        if let processorMicroseconds {
            add("server CPU", "\(Self.number(processorMicroseconds)) µs/request")
        }
        if let infer = server.computeInfer {
            add("server time", "queue \(Self.number(server.queue ?? 0)) µs, compute \(Self.number(infer)) µs")
        }
        return lines.joined(separator: "\n")
    }

    /// The report for programs.
    package var json: JSONValue {
        var latency: JSONObject = ["mean": .number(result.mean), "deviation": .number(result.deviation)]
        for percent in Self.percentiles + [100] {
            latency[percent == 100 ? "max" : "p\(Self.number(percent))"] = .number(result.percentile(percent))
        }
        var failures: JSONObject = [:]
        for (kind, count) in result.failures.sorted(by: { $0.key < $1.key }) {
            failures[kind] = .integer(Int64(clamping: count))
        }
        return [
            "target": .string(target), "protocol": .string(wire), "rows_per_request": .int(rows),
            "loop": plan.rate == nil ? "closed" : "open", "rate": plan.rate.map { .number($0) } ?? .null,
            "connections": .int(plan.connections), "seconds": .number(result.seconds),
            "answered": .integer(Int64(clamping: result.answered)), "failed": .integer(Int64(clamping: result.failed)),
            "unsent": .integer(Int64(clamping: result.unsent)), "requests_per_second": .number(perSecond),
            "rows_per_second": .number(perSecond * Double(rows)), "latency_us": .object(latency),
            "failures": .object(failures),
            "server_cpu_us_per_request": processorMicroseconds.map { .number($0) } ?? .null,
            "server_queue_us": server.queue.map { .number($0) } ?? .null,
            "server_compute_us": server.computeInfer.map { .number($0) } ?? .null,
        ]
    }

    /// The columns of `perf_analyzer -f`, all latencies in microseconds.
    package var csv: String {
        let queue = server.queue ?? 0
        let input = server.computeInput ?? 0
        let infer = server.computeInfer ?? 0
        let output = server.computeOutput ?? 0
        let network = max(0, result.mean - queue - input - infer - output)
        let header =
            "Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,"
            + "Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency"
        let latencies = [50, 90, 95, 99].map { String(Int(result.percentile($0).rounded())) }
        let parts = [0, network, queue, input, infer, output, 0].map { String(Int($0.rounded())) }
        let cells = ["\(plan.connections)", Self.number(perSecond * Double(rows))] + parts + latencies
        return header + "\n" + cells.joined(separator: ",") + "\n"
    }

    /// A number as people write it: whole from a hundred on, else with what it takes.
    static func number(_ value: Double) -> String {
        if value == value.rounded() || value >= 100 { return String(Int64(value.rounded())) }
        return "\((value * 10).rounded() / 10)"
    }
}

extension String {
    /// The text with spaces behind it, at least one.
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
