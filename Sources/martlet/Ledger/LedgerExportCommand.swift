import ArgumentParser
import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// The forms that predictions are exported in.
enum LedgerFormat: String, ExpressibleByArgument, CaseIterable {
    case csv
    case jsonl
}

/// `martlet ledger export DEPLOYMENT`.
struct LedgerExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export predictions as CSV or as lines of JSON, however many there are."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: LedgerSelection
    @Option(name: .long, help: "Which predictions, as for query.")
    var filter: String?
    @Option(name: .long, help: "csv or jsonl.")
    var format = LedgerFormat.csv
    @Flag(name: .long, help: "The oldest first.")
    var oldest = false
    @Option(name: .shortAndLong, help: "Writes to this file instead of the output.")
    var output: String?

    func run() async throws {
        try await CommandFailure.explaining {
            // Asked first for one row, so that what is wrong is said in words and no file is begun.
            let server = try ServerClient(address: options.address, access: try options.access())
            let query = selection.query + [("filter", filter), ("order", oldest ? "oldest" : "newest")]
            _ = try await server.get("/api/martlet/v1/ledger", query: query + [("limit", "1")])
            let pairs = (query + [("format", format.rawValue)]).compactMap { name, value in
                value.map { "\(name)=\(ServerClient.segment($0))" }
            }
            let path = "/api/martlet/v1/ledger/export?\(pairs.joined(separator: "&"))"
            try await download(path)
        }
    }

    /// Writes the answer as it comes, never more than a piece of it in memory.
    private func download(_ path: String) async throws {
        let access = try options.access()
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        if let certificates = access.certificates {
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(certificates)
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let address = options.address
            let base = address.hasSuffix("/") ? String(address.dropLast()) : address
            var request = HTTPClientRequest(url: base + path)
            for (name, value) in access.headers { request.headers.add(name: name, value: value) }
            let response = try await client.execute(request, timeout: .hours(24))
            guard response.status == .ok else {
                throw MartletError(.internal, "The server answered with status \(response.status.code).")
            }
            let file = try Self.handle(output)
            for try await piece in response.body { try file.write(contentsOf: Data(piece.readableBytesView)) }
            if output != nil { try file.close() }
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
        if let output { Terminal.standard.note("Wrote \(output).") }
    }

    private static func handle(_ path: String?) throws -> FileHandle {
        guard let path else { return .standardOutput }
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw MartletError(.unavailable, "'\(path)' cannot be written.") }
        return handle
    }
}
