import ArgumentParser
import Core
import Foundation

/// `martlet predict MODEL`.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Ask a model for predictions: of a row, or of a CSV file."
    )

    @OptionGroup var place: InferencePlace
    @Argument(help: "The deployment's name.")
    var model: String
    @Option(name: .long, help: "A row as JSON: an object by column, a list of values, or a list of either.")
    var row: String?
    @Option(name: .long, help: "A CSV file with a header; '-' reads standard input.")
    var file: String?
    @Option(name: .long, help: "Where the file goes with its predictions. (default: standard output)")
    var output: String?
    @Option(name: .long, help: "Rows in one request.")
    var batch = 256

    func validate() throws {
        guard (row == nil) != (file == nil) else { throw ValidationError("Give either --row or --file.") }
        if let problem = PredictionRun.problem(batch: batch) { throw ValidationError("--batch \(problem)") }
    }

    func run() async throws {
        try await CommandFailure.explaining {
            let terminal = Terminal.standard
            let rows =
                try row.map { try PredictionRows(json: $0) } ?? (try PredictionRows(csv: try Self.bytes(file ?? "-")))
            let client = WireClient(try place.target(), timeout: CommandLimits.requestTimeout)
            let run = PredictionRun(
                model: model,
                wire: place.wireProtocol,
                batch: batch,
                send: { try await client.send($0) },
                progress: { done, all in
                    if file != nil { terminal.note("\(done) of \(all) rows") }
                }
            )
            let result = try await run.predict(rows)
            await client.close()
            for failure in result.failures { terminal.note("row \(failure.row): \(DisplayText.safe(failure.message))") }
            if file == nil {
                for value in result.predictions { if let value { terminal.line(PredictionRun.text(value)) } }
            } else {
                let table = PredictionRun.csv(rows, result.predictions)
                if let output {
                    try OutputFile.write(table, to: output)
                } else {
                    terminal.line(String(table.dropLast()))
                }
            }
            guard result.failures.isEmpty else {
                throw MartletError(.invalidArgument, "\(result.failures.count) of \(rows.rows.count) rows failed.")
            }
        }
    }

    private static func bytes(_ path: String) throws(MartletError) -> [UInt8] {
        do {
            if path == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw MartletError(.notFound, "'\(path)' cannot be read.", cause: error)
        }
    }
}

/// Where a command finds the server's ports for predictions, and by which protocol it asks.
struct InferencePlace: ParsableArguments {
    @Option(name: .long, help: "Address of the server (MARTLET_SERVER; default: http://127.0.0.1:5000).")
    var server: String?
    @Option(name: .customLong("token-file"), help: "File with the token that lets you in (or MARTLET_TOKEN).")
    var tokenFile: String?
    @Option(name: .long, help: "The workspace (MARTLET_WORKSPACE; default: your own).")
    var workspace: String?
    @Option(name: .long, help: "Address of gRPC. (default: the server's, at the port after its own)")
    var grpc: String?
    @Option(name: .customLong("protocol"), help: "predict, v1, v2, v2-binary, grpc or invocations.")
    var wireProtocol = PredictionProtocol.v2

    /// The address of the server.
    var address: String { server ?? ProcessInfo.processInfo.environment["MARTLET_SERVER"] ?? "http://127.0.0.1:5000" }

    /// Who asks, and for which workspace.
    func access() throws(MartletError) -> ClientAccess {
        try ClientAccess(tokenFile: tokenFile, workspace: workspace, environment: ProcessInfo.processInfo.environment)
    }

    /// Where requests go.
    ///
    /// - Throws: `invalidArgument` for an address that is none.
    func target() throws(MartletError) -> WireTarget {
        let access = try access()
        let (host, port) = try Self.place(address)
        guard wireProtocol == .grpc else { return WireTarget(host: host, port: port, isGRPC: false, access: access) }
        guard let grpc else { return WireTarget(host: host, port: port + 1, isGRPC: true, access: access) }
        let named = try Self.place(grpc.contains("://") ? grpc : "http://\(grpc)")
        return WireTarget(host: named.host, port: named.port, isGRPC: true, access: access)
    }

    /// Where HTTP requests to the server go.
    ///
    /// - Throws: `invalidArgument` for an address that is none.
    func web() throws(MartletError) -> WireTarget {
        let (host, port) = try Self.place(address)
        return WireTarget(host: host, port: port, isGRPC: false, access: try access())
    }

    /// Where HTTP requests to an address go.
    ///
    /// - Throws: `invalidArgument` for an address that is none.
    static func web(_ address: String) throws(MartletError) -> WireTarget {
        let (host, port) = try place(address)
        return WireTarget(host: host, port: port, isGRPC: false)
    }

    private static func place(_ address: String) throws(MartletError) -> (host: String, port: Int) {
        guard let url = URL(string: address), url.scheme == "http", let host = url.host, !host.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "'\(address)' is no address of a server; write it like http://127.0.0.1:5000 (--server or MARTLET_SERVER)."
            )
        }
        return (host.filter { $0 != "[" && $0 != "]" }, url.port ?? 80)
    }
}
