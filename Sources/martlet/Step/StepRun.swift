import ArgumentParser
import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// `martlet step run NAME`.
struct StepRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run one step on the server and wait for it.",
        discussion:
            "Its log is printed as it comes; its outputs go to a file. `martlet render argo` writes this command for steps."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "The step's values, a JSON object; references in it are filled in by the server.")
    var with = "{}"
    @Option(name: .long, help: "The pipeline's name.")
    var pipeline: String
    @Option(name: .long, help: "The task's name.")
    var task: String
    @Option(name: .customLong("run"), help: "The run's id.")
    var runID: String
    @Option(name: .long, help: "Which attempt it is, from 1.")
    var attempt = 1
    @Option(name: .long, help: "The run's parameters, a JSON object.")
    var parameters = "{}"
    @Option(name: .long, help: "task={…}: the outputs of an earlier task; may be repeated.")
    var upstream: [String] = []
    @Option(name: .long, help: "task=[{…}, …]: the outputs of an earlier task that fanned out; may be repeated.")
    var fanned: [String] = []
    @Option(name: .long, help: "The value that the task runs for, as JSON or text.")
    var item: String?
    @Option(name: .long, help: "The time that the run is for.")
    var time: String?
    @Option(name: .long, help: "The file for the outputs.")
    var outputs: String?
    @Argument(help: "The step, such as data.ingest.")
    var step: String

    func run() async throws {
        try await CommandFailure.explaining {
            let body = try body()
            let address = options.address.hasSuffix("/") ? String(options.address.dropLast()) : options.address
            let access = try options.access()
            var failures = 0
            while true {
                do {
                    let outputs = try await call(address, access, body)
                    let text = JSONValue.object(outputs).description
                    if let path = self.outputs {
                        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                    } else {
                        Terminal.standard.line(text)
                    }
                    return
                } catch let error as MartletError where error.code == .unavailable || error.code == .resourceExhausted {
                    // Steps are idempotent by run and task: a server that restarts is asked again.
                    failures += 1
                    guard failures < CommandLimits.followFailures else { throw error }
                    Terminal.standard.note(error.message)
                    try await Clock.system.sleep(for: CommandLimits.followInterval)
                }
            }
        }
    }

    private func body() throws(MartletError) -> JSONValue {
        var earlier = JSONObject()
        for text in upstream {
            let (name, value) = try Self.pair(text, "--upstream")
            earlier[name] = value.objectValue == nil ? .object([:]) : value
        }
        for text in fanned {
            let (name, value) = try Self.pair(text, "--fanned")
            let each = (value.arrayValue ?? []).map { $0.objectValue ?? [:] }
            var lists = JSONObject()
            for key in Set(each.flatMap(\.keys)).sorted() { lists[key] = .array(each.map { $0[key] ?? .null }) }
            earlier[name] = .object(lists)
        }
        var body: JSONObject = [
            "run": .string(runID), "pipeline": .string(pipeline), "task": .string(task), "attempt": .int(attempt),
            "with": try JSONValue.parse(with), "parameters": try JSONValue.parse(parameters),
            "upstream": .object(earlier),
        ]
        if let item { body["item"] = (try? JSONValue.parse(item)) ?? .string(item) }
        if let time { body["time"] = .string(time) }
        return .object(body)
    }

    private static func pair(_ text: String, _ option: String) throws(MartletError) -> (String, JSONValue) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            throw MartletError(.invalidArgument, "'\(option) \(text.prefix(50))' must be written as task=JSON.")
        }
        return (String(text[..<sign]), try JSONValue.parse(String(text[text.index(after: sign)...])))
    }

    /// Calls once; the server sends a line at least every few seconds.
    private func call(_ address: String, _ access: ClientAccess, _ body: JSONValue) async throws -> JSONObject {
        var request = HTTPClientRequest(url: "\(address)/api/martlet/v1/steps/\(ServerClient.segment(step))/calls")
        request.method = .POST
        for (name, value) in access.headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(body.serialized())
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        configuration.timeout.read = .seconds(FollowLimits.silenceSeconds)
        if let certificates = access.certificates {
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(certificates)
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        defer { client.shutdown { _ in } }
        do {
            let response = try await client.execute(request, timeout: .hours(24 * 30))
            guard response.status == .ok else { throw try await Self.refusal(response) }
            var line: [UInt8] = []
            for try await buffer in response.body {
                for byte in buffer.readableBytesView {
                    guard byte == UInt8(ascii: "\n") else {
                        line.append(byte)
                        continue
                    }
                    if !line.isEmpty, let outputs = try take(JSONValue.parse(line)) { return outputs }
                    line = []
                }
            }
        } catch let error as MartletError {
            throw error
        } catch {
            try Task.checkCancellation()
        }
        throw MartletError(.unavailable, "The server at \(address) is gone; it is asked again.")
    }

    private static func refusal(_ response: HTTPClientResponse) async throws -> MartletError {
        let said = try await response.body.collect(upTo: 64 * 1024)
        let message = try? JSONValue.parse(Array(said.readableBytesView))["error"]?["message"]?.stringValue
        let status = Int(response.status.code)
        let code =
            MartletError.Code.allCases.first { $0.httpStatus == status } ?? (status >= 500 ? .unavailable : .internal)
        return MartletError(code, message ?? "The server answered with status \(status).")
    }

    /// Prints a line of the log; gives the outputs when they come.
    private func take(_ line: JSONValue) throws -> JSONObject? {
        if let text = line["line"]?.stringValue { Terminal.standard.line(DisplayText.safe(text)) }
        if let error = line["error"] {
            let code = error["code"]?.stringValue.flatMap { MartletError.Code(rawValue: $0) } ?? .internal
            // An error of the step itself is not asked again here: the workflow's retries decide.
            throw MartletError(
                code == .unavailable || code == .resourceExhausted ? .failedPrecondition : code,
                error["message"]?.stringValue ?? "The step failed."
            )
        }
        return line["outputs"]?.objectValue
    }
}
