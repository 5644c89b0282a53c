import ArgumentParser
import Core

/// `martlet study list`.
struct StudyList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List studies by name.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let studies = try await session.items("/api/martlet/v1/studies", limit: list.limit)
        guard !session.wroteJSON(["items": .array(studies)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "SAMPLER"), .init(title: "OBJECTIVES"),
            .init(title: "TRIALS", alignment: .right), .init(title: "ENDED", alignment: .right),
            .init(title: "UPDATED"),
        ])
        for study in studies {
            table.add([
                Words.text(study["name"]), Words.text(study["sampler"]?["type"]), Words.text(study["objectives"]),
                Words.text(study["trial_count"]), Words.text(study["ended_count"]), Words.time(study["updated_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no studies; create one with `martlet study create`.")
    }
}
