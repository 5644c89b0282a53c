import ArgumentParser
import Core

/// `martlet ledger label REQUEST LABEL`.
struct LedgerLabelCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Say how a prediction came out: by its request, or by an entity and a time."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The request's id, or with --deployment and --at the entity's key.")
    var subject: String
    @Argument(help: "The label: a class by name or index, or a number.")
    var label: String
    @Option(name: .customLong("observed-at"), help: "When the truth was observed; now by default.")
    var observedAt: String?
    @Option(name: .long, help: "The deployment whose predictions of the entity are meant.")
    var deployment: String?
    @Option(name: .long, help: "The end of the window in which the entity was asked about.")
    var at: String?
    @Option(name: .long, help: "The length of the window, such as 24h.")
    var window: String?

    func run(_ session: Session) async throws {
        var body: JSONObject = ["label": value]
        if let at {
            body["entity"] = .string(subject)
            body["at"] = Self.time(at)
            body["window"] = window.map { .string($0) }
        } else {
            body["request_id"] = .string(subject)
        }
        body["deployment"] = deployment.map { .string($0) }
        body["observed_at"] = observedAt.map(Self.time)
        let answer = try await session.server.send("POST", "/api/martlet/v1/feedback", .object(body))
        guard !session.wroteJSON(answer) else { return }
        let outcome = Words.text(answer["outcome"])
        let previous = answer["previous"]?.stringValue.map { " (it was \($0))" } ?? ""
        session.terminal.line("\(outcome): \(DisplayText.safe(label))\(DisplayText.safe(previous))")
    }

    /// A number is sent as one; the server knows whether it is a class.
    private var value: JSONValue {
        if let whole = Int64(label) { return .integer(whole) }
        if let number = Double(label), number.isFinite { return .number(number) }
        return .string(label)
    }

    private static func time(_ text: String) -> JSONValue {
        Int64(text).map { .integer($0) } ?? .string(text)
    }
}
