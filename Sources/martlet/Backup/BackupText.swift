import Core

/// What came of a backup, for people.
enum BackupText {
    static func write(_ outcome: JSONValue, json: Bool, to terminal: Terminal) {
        guard !json else {
            terminal.line(outcome.prettyPrinted())
            return
        }
        var table = TextTable([
            .init(title: "PART"), .init(title: "DATABASE", alignment: .right), .init(title: "FILES", alignment: .right),
            .init(title: "BYTES", alignment: .right), .init(title: "GONE MEANWHILE", alignment: .right),
        ])
        for part in outcome["parts"]?.arrayValue ?? [] {
            table.add([
                Words.text(part["name"]), GcReport.bytes(part["database_bytes"]?.integerValue ?? 0),
                Words.text(part["files"]), GcReport.bytes(part["file_bytes"]?.integerValue ?? 0),
                Words.text(part["missing_count"]),
            ])
        }
        table.write(to: terminal, empty: "")
        let sent = GcReport.bytes(outcome["sent_bytes"]?.integerValue ?? 0)
        let reused = GcReport.bytes(outcome["reused_bytes"]?.integerValue ?? 0)
        terminal.line("Backup \(Words.text(outcome["id"])) is complete: \(sent) sent, \(reused) were there already.")
        for part in outcome["parts"]?.arrayValue ?? [] {
            for path in part["missing_files"]?.arrayValue ?? [] {
                terminal.note("gone before it was copied: \(DisplayText.safe(Words.text(path)))")
            }
        }
        let withKeys = outcome["with_keys"]?.boolValue ?? false
        terminal.note(
            withKeys
                ? "The backup holds the keys of encrypted values: guard it like them."
                : "The keys of encrypted values are not in it; keep them elsewhere, or use --with-keys."
        )
    }
}
