import ArgumentParser
import Core
import Server

/// `martlet upgrade`.
struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Show what this version would change in the databases, or change it without starting a server.",
        discussion: """
            Starting a server does the same; --check tells beforehand. Ends with status 2 when a newer version wrote the
            data, and 1 with --check when the disk has too little room.
            """
    )

    @Flag(help: "Only show what would be done.")
    var check = false

    @Flag(name: .long, help: "Print JSON instead of text.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var report: UpgradeReport?
        try await CommandFailure.explaining {
            let settings = try place.settings()
            var found = try await UpgradeCheck.run(settings: settings)
            if !check, found.state == .pending { found = try await UpgradeCheck.apply(settings: settings) }
            UpgradeText.write(found, json: json, to: .standard)
            report = found
        }
        if report?.state == .newer { throw ExitCode(2) }
        if check, report?.hasRoom == false { throw ExitCode.failure }
    }
}

/// What an upgrade would do, for people.
enum UpgradeText {
    static func write(_ report: UpgradeReport, json: Bool, to terminal: Terminal) {
        guard !json else { return terminal.line(report.json.prettyPrinted()) }
        var table = TextTable([
            .init(title: "DATABASE"), .init(title: "STEPS", alignment: .right),
            .init(title: "PENDING", alignment: .right),
            .init(title: "UNKNOWN", alignment: .right), .init(title: "SIZE", alignment: .right),
            .init(title: "WRITTEN BY"),
        ])
        for part in report.parts {
            table.add([
                part.name, String(part.applied), String(part.pending.count), String(part.unknown.count),
                part.bytes.map(GcReport.bytes) ?? "-", part.writtenBy.map { "martlet \($0)" } ?? "-",
            ])
        }
        table.write(to: terminal, empty: "")
        for part in report.parts {
            for step in part.pending {
                terminal.line("\(part.name): \(step.id): \(step.statements) statements over \(step.rows) rows")
            }
        }
        switch report.state {
        case .current: terminal.line("Nothing is to be done: the schema is the one of martlet \(ProductVersion.text).")
        case .pending:
            let free = report.freeBytes.map { ", \(GcReport.bytes($0)) are free" } ?? ""
            terminal.line("At most \(GcReport.bytes(report.neededBytes)) of disk are needed\(free).")
            if !report.hasRoom { terminal.note("The disk has too little room: free some before the upgrade.") }
        case .newer:
            terminal.note(
                "A newer version wrote this data: start that one, or restore a backup from before its upgrade into a new "
                    + "directory (martlet restore SOURCE --data DIR)."
            )
        }
        terminal.note(
            report.backup.map { "Last backup: \($0)" }
                ?? "No backup is known: make one first with `martlet backup DEST`."
        )
    }
}
