import ArgumentParser
import Core

/// `martlet event …`.
struct EventCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event",
        abstract: "Show what happened, and follow what happens.",
        subcommands: [EventList.self, EventFollow.self]
    )
}

/// Which events a command shows.
struct EventSelection: ParsableArguments {
    @Option(
        name: .customLong("type"),
        help: "A type, such as martlet.alias.moved or martlet.deployment.*; may be repeated."
    )
    var types: [String] = []
    @Option(help: "What it happened to, such as deployments/cancer or loops/*.")
    var subject: String?

    /// The selection as the server's query has it.
    var query: [(String, String?)] {
        [("types", types.isEmpty ? nil : types.joined(separator: ",")), ("subject", subject)]
    }
}

/// An event as one line of text.
enum EventLine {
    /// The line.
    static func text(_ event: JSONValue) -> String {
        "\(Words.time(event["at"]))  \(Words.text(event["type"]))  \(Words.text(event["subject"]))  \(message(event))"
    }

    /// What a person reads of an event.
    static func message(_ event: JSONValue) -> String {
        let data = event["data"]
        return data?["message"] == nil ? (data?.description ?? "") : Words.text(data?["message"])
    }
}
