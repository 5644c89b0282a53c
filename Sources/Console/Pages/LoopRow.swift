/// One loop as lists show it.
package struct LoopRow: Sendable {
    /// The loop's id.
    package var id: String
    /// The trigger that opened it.
    package var trigger: String
    /// Its state's colour.
    package var tone: Tone
    /// Its state in words.
    package var state: String
    /// What opened it, or what it waits for, in one sentence.
    package var message: String
    /// When it was opened.
    package var opened: TimeText
    /// How long it took, or has taken so far.
    package var took: String

    /// Makes a row.
    package init(
        id: String,
        trigger: String,
        tone: Tone,
        state: String,
        message: String,
        opened: TimeText,
        took: String
    ) {
        self.id = id
        self.trigger = trigger
        self.tone = tone
        self.state = state
        self.message = message
        self.opened = opened
        self.took = took
    }

    /// Where the loop's page is.
    package var href: String { ConsolePath.of("loops", id) }

    /// The loops as a table.
    package static func table(_ rows: [LoopRow]) -> TableView {
        TableView(
            columns: [
                .init("Loop"), .init("State"), .init("Signal", wraps: true), .init("Opened", numeric: true),
                .init("Took", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .rowLink(row.trigger, row.href), .badge(row.tone, row.state), .quiet(row.message),
                    .time(row.opened), .text(row.took),
                ]
            }
        )
    }
}
