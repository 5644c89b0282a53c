import ArgumentParser
import Core
import Foundation
import Synchronization

/// `martlet bench MODEL` or `martlet bench URL`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load a model or a URL and tell throughput, latencies, failures and the server's CPU time."
    )

    @OptionGroup var place: InferencePlace
    @Argument(help: "A deployment's name, or an http:// address to post --body to.")
    var target: String
    @Option(name: .long, help: "Connections, each with one request under way.")
    var connections = 16
    @Option(name: .long, help: "Requests a second in an open loop. (default: a closed loop)")
    var rate: Double?
    @Option(name: .long, help: "Seconds to measure.")
    var duration = 10.0
    @Option(name: .long, help: "Seconds before, which do not count.")
    var warmup = 2.0
    @Option(name: .long, help: "Seconds to wait for an answer.")
    var timeout = 10.0
    @Option(name: .long, help: "Rows in one request, made up from the model's metadata unless given.")
    var rows = 1
    @Option(name: .long, help: "Rows as JSON, sent in turn.")
    var row: String?
    @Option(name: .long, help: "Rows as a CSV file with a header, sent in turn.")
    var file: String?
    @Option(name: .long, help: "Body to post to a URL. (default: none, which gets it)")
    var body: String?
    @Option(name: .long, help: "A file for the columns of perf_analyzer.")
    var csv: String?
    @Flag(name: .long, help: "Print JSON.")
    var json = false

    private var plan: LoadPlan {
        LoadPlan(
            connections: connections,
            rate: rate,
            warmup: warmup,
            duration: duration,
            timeout: .milliseconds(Int64(clamping: Int(exactly: (timeout * 1000).rounded()) ?? .max))
        )
    }

    func validate() throws {
        if let problem = plan.problem { throw ValidationError(problem) }
        if let problem = PredictionRun.problem(batch: rows) { throw ValidationError("--rows \(problem)") }
        guard row == nil || file == nil else { throw ValidationError("Give --row or --file, not both.") }
    }

    func run() async throws {
        try await CommandFailure.explaining {
            let isURL = target.hasPrefix("http://")
            let (wireTarget, requests) = isURL ? try urlRequests() : (try place.target(), try await modelRequests())
            try await Self.check(wireTarget, requests)
            let metered = isURL ? wireTarget : try place.web()
            let client = WireClient(metered, timeout: .seconds(5))
            let meter = ServerMeter(client: client, model: isURL ? nil : target)
            let counting = AsyncStream.makeStream(of: Void.self)
            async let before = {
                for await _ in counting.stream { return await meter.read() }
                return ServerMeter.Reading()
            }()
            let result = try await LoadRun.run(wireTarget, requests, plan) {
                counting.continuation.yield()
                counting.continuation.finish()
            }
            let server = ServerMeter.difference(await before, await meter.read())
            await client.close()
            let report = BenchReport(
                target: target,
                wire: isURL ? "HTTP" : place.wireProtocol.rawValue,
                rows: isURL ? 1 : min(rows, place.wireProtocol.mostRows),
                plan: plan,
                result: result,
                server: server
            )
            if let csv { try OutputFile.write(report.csv, to: csv) }
            Terminal.standard.line(json ? report.json.prettyPrinted() : report.text)
            guard result.answered > 0 else { throw MartletError(.unavailable, "No request was answered.") }
        }
    }

    /// One request before the load: what every request would be told is worth a message instead of a count.
    private static func check(_ target: WireTarget, _ requests: [WireRequest]) async throws {
        guard let first = requests.first else { throw MartletError(.invalidArgument, "There are no rows to send.") }
        let client = WireClient(target, timeout: CommandLimits.requestTimeout)
        let answer = try await client.send(first)
        await client.close()
        guard let failure = answer.failure else { return }
        let text = answer.message.isEmpty ? String(decoding: answer.body.prefix(500), as: UTF8.self) : answer.message
        throw MartletError(.failedPrecondition, "The first request failed (\(failure)): \(text)")
    }

    private func urlRequests() throws -> (WireTarget, [WireRequest]) {
        guard let url = URL(string: target) else { throw MartletError(.invalidArgument, "'\(target)' is no address.") }
        let path = (url.path.isEmpty ? "/" : url.path(percentEncoded: true)) + (url.query.map { "?\($0)" } ?? "")
        let request =
            body.map {
                WireRequest(path: path, headers: [("content-type", "application/json")], body: Array($0.utf8))
            } ?? WireRequest(verb: "GET", path: path, body: [])
        var web = try InferencePlace.web(target)
        // A token is meant for one's own server, not for whichever is measured.
        if web.authority == (try InferencePlace.web(place.address)).authority { web.access = try place.access() }
        return (web, [request])
    }

    private func modelRequests() async throws -> [WireRequest] {
        let given: PredictionRows
        if let row {
            given = try PredictionRows(json: row)
        } else if let file {
            do {
                given = try PredictionRows(csv: Array(try Data(contentsOf: URL(fileURLWithPath: file))))
            } catch let error as MartletError {
                throw error
            } catch {
                throw MartletError(.notFound, "'\(file)' cannot be read.", cause: error)
            }
        } else {
            let server = try ServerClient(address: place.address, access: try place.access())
            let metadata = try await server.get("/v2/models/\(ServerClient.segment(target))")
            given = try BenchRows.made(from: metadata)
        }
        guard !given.rows.isEmpty else { throw MartletError(.invalidArgument, "There are no rows to send.") }
        let size = min(rows, place.wireProtocol.mostRows)
        return try (0..<min(64, max(1, given.rows.count))).map { number in
            let chosen = (0..<size).map { given.rows[(number * size + $0) % given.rows.count] }
            return try place.wireProtocol.request(target, PredictionRows(columns: given.columns, rows: chosen))
        }
    }
}

/// Rows for a model that nobody gave rows for.
enum BenchRows {
    /// Rows of small random numbers in the shape that the model's metadata tells; the same every time.
    ///
    /// - Throws: `invalidArgument` for a model whose inputs are not numbers in a table.
    static func made(from metadata: JSONValue) throws(MartletError) -> PredictionRows {
        let inputs = metadata["inputs"]?.arrayValue ?? []
        var generator = SeededGenerator(seed: 1)
        func row(_ width: Int) -> [JSONValue] {
            (0..<width).map { _ in .number((Double.random(in: 0..<100, using: &generator) * 100).rounded() / 100) }
        }
        let numeric = inputs.allSatisfy { $0["datatype"]?.stringValue != "BYTES" }
        if numeric, inputs.count == 1, let shape = inputs[0]["shape"]?.arrayValue, shape.count == 2,
            let width = shape[1].integerValue.flatMap({ Int(exactly: $0) }), (1...100_000).contains(width)
        {
            return PredictionRows(columns: [], rows: (0..<64).map { _ in row(width) })
        }
        let isTable = inputs.allSatisfy { ($0["shape"]?.arrayValue?.count ?? 0) <= 2 }
        guard numeric, isTable, !inputs.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The model takes other than numbers in columns; give rows with --row or --file."
            )
        }
        let names = inputs.compactMap { $0["name"]?.stringValue }
        return PredictionRows(columns: names, rows: (0..<64).map { _ in row(names.count) })
    }
}
