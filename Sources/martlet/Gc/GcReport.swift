import Core

/// What a collection removed, for people.
enum GcReport {
    static func write(_ report: JSONValue, json: Bool, to terminal: Terminal) {
        guard !json else {
            terminal.line(report.prettyPrinted())
            return
        }
        let isDryRun = report["dry_run"]?.boolValue ?? false
        var table = TextTable([
            .init(title: isDryRun ? "WOULD REMOVE" : "REMOVED"), .init(title: "COUNT", alignment: .right),
        ])
        let rows = [
            ("experiments", "experiments"), ("runs", "runs"), ("logged models", "logged_models"),
            ("deleted versions", "versions"), ("folders without an owner", "folders"), ("files", "files"),
        ]
        for (title, key) in rows { table.add([title, Words.text(report[key])]) }
        table.add(["bytes", Self.bytes(report["bytes"]?.integerValue ?? 0)])
        table.write(to: terminal, empty: "")
        for text in report["kept"]?.arrayValue ?? [] { terminal.note("kept \(DisplayText.safe(Words.text(text)))") }
        let young = report["young_folders"]?.integerValue ?? 0
        if young > 0 { terminal.note("\(young) folders without an owner are too young") }
        for text in report["unknown"]?.arrayValue ?? [] {
            terminal.note("left alone, not Martlet's layout: \(DisplayText.safe(Words.text(text)))")
        }
    }

    /// Bytes in a unit that people read.
    static func bytes(_ count: Int64) -> String {
        let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        for (name, size) in units where Double(count) >= size {
            return "\((Double(count) / size * 10).rounded() / 10) \(name)"
        }
        return "\(count) B"
    }
}
