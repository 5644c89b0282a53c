import ArgumentParser
import Core

/// `martlet study best NAME`.
struct StudyBest: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "best",
        abstract: "Show the best trial, or with several objectives the trials that no other beats."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        let best = try await session.server.get("\(StudyCommand.path(name))/best")
        guard !session.wroteJSON(best) else { return }
        StudyCommand.table(best["items"]?.arrayValue ?? [], session, empty: "No trial is complete yet.")
    }
}

/// `martlet study importance NAME`.
struct StudyImportance: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "importance",
        abstract: "Show how much each parameter matters (fANOVA)."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Which objective, from 0.")
    var objective = 0
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.get(
            "\(StudyCommand.path(name))/importance",
            query: [("objective", String(objective))]
        )
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([.init(title: "PARAMETER", isFixed: true), .init(title: "SHARE", alignment: .right)])
        for (parameter, share) in (answer["importance"]?.objectValue ?? [:]).pairs {
            table.add([parameter, Words.text(share)])
        }
        table.write(to: session.terminal, empty: "There is nothing to explain yet.")
    }
}

/// `martlet study delete NAME`.
struct StudyDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a study with its trials; runs that record them stay."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("DELETE", StudyCommand.path(name))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("deleted \(DisplayText.safe(name))")
    }
}
