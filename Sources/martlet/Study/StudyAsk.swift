import ArgumentParser
import Core

/// `martlet study ask NAME`.
struct StudyAsk: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask for a trial to make; prints its number and parameters."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Who will work on it.")
    var worker: String?
    @Option(name: .long, help: "The same key gets the same trial.")
    var key: String?
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        if let worker { body["worker"] = .string(worker) }
        if let key { body["idempotency_key"] = .string(key) }
        let trial = try await session.server.send("POST", "\(StudyCommand.path(name))/ask", .object(body))
        guard !session.wroteJSON(trial) else { return }
        session.terminal.line("\(Words.text(trial["number"])) \(StudyCommand.parameters(trial["params"]))")
    }
}

/// `martlet study tell NAME TRIAL VALUE…`.
struct StudyTell: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tell",
        abstract: "Tell how a trial ended: its values, or that it was pruned or failed."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "complete, pruned or failed.")
    var state: String?
    @Option(name: .long, help: "Why it failed.")
    var message: String?
    @Argument(help: "The study's name.")
    var name: String
    @Argument(help: "The trial's number.")
    var number: Int
    @Argument(help: "A value for each objective.")
    var values: [Double] = []

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        if !values.isEmpty { body["values"] = .array(values.map(JSONValue.number)) }
        if let state { body["state"] = .string(state) }
        if let message { body["message"] = .string(message) }
        let path = "\(StudyCommand.path(name))/trials/\(number)/tell"
        let trial = try await session.server.send("POST", path, .object(body))
        guard !session.wroteJSON(trial) else { return }
        session.terminal.line("\(Words.text(trial["number"])) \(Words.text(trial["state"]))")
    }
}
