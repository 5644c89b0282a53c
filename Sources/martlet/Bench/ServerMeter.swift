import Core

/// Reads what the server itself counts, before and after: processor time, and the parts of requests.
struct ServerMeter: Sendable {
    let client: WireClient
    let model: String?

    /// A reading; what the server does not tell is missing.
    struct Reading: Sendable, Equatable {
        var processorSeconds: Double?
        /// Count and nanoseconds by the names of Triton's statistics.
        var parts: [String: (count: Int64, nanoseconds: Int64)] = [:]

        static func == (left: Reading, right: Reading) -> Bool {
            left.processorSeconds == right.processorSeconds
                && left.parts.mapValues(\.nanoseconds) == right.parts.mapValues(\.nanoseconds)
        }
    }

    /// Reads the counters now.
    func read() async -> Reading {
        var reading = Reading()
        if let text = await body("/metrics") { reading.processorSeconds = Self.processorSeconds(text) }
        guard let model, let text = await body("/v2/models/\(ServerClient.segment(model))/stats"),
            let value = try? JSONValue.parse(text)
        else { return reading }
        for version in value["model_stats"]?.arrayValue ?? [] {
            for (name, time) in version["inference_stats"]?.objectValue.map({ object in
                object.keys.map { ($0, object[$0]) }
            }) ?? [] {
                var sum = reading.parts[name] ?? (0, 0)
                sum.count += time?["count"]?.integerValue ?? 0
                sum.nanoseconds += time?["ns"]?.integerValue ?? 0
                reading.parts[name] = sum
            }
        }
        return reading
    }

    private func body(_ path: String) async -> String? {
        guard let answer = try? await client.send(WireRequest(verb: "GET", path: path, body: [])), answer.failure == nil
        else { return nil }
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// `process_cpu_seconds_total` in Prometheus' text.
    static func processorSeconds(_ text: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("process_cpu_seconds_total ") }
        return line.flatMap { Double($0.split(separator: " ")[1]) }
    }

    /// What happened between two readings.
    static func difference(_ before: Reading, _ after: Reading) -> BenchReport.Server {
        func mean(_ name: String) -> Double? {
            guard let last = after.parts[name] else { return nil }
            let first = before.parts[name] ?? (0, 0)
            let count = last.count - first.count
            return count > 0 ? Double(last.nanoseconds - first.nanoseconds) / Double(count) / 1000 : nil
        }
        var server = BenchReport.Server()
        if let first = before.processorSeconds, let last = after.processorSeconds {
            server.processorSeconds = last - first
        }
        server.queue = mean("queue")
        server.computeInput = mean("compute_input")
        server.computeInfer = mean("compute_infer")
        server.computeOutput = mean("compute_output")
        return server
    }
}
