package import Core

/// What people should know of a model version before they use it, from what is recorded (Mitchell 2019).
package struct ModelCard: Sendable, Equatable {
    /// A part of the card under a heading.
    package struct Section: Sendable, Equatable {
        /// The heading.
        package let title: String
        /// What stands under it.
        package let blocks: [Block]

        /// Makes a part.
        package init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// One paragraph or table.
    package enum Block: Sendable, Equatable {
        case text(String)
        case facts([(name: String, value: String)])
        case table(columns: [String], rows: [[String]])

        package static func == (left: Block, right: Block) -> Bool {
            switch (left, right) {
            case (.text(let left), .text(let right)): left == right
            case (.facts(let left), .facts(let right)): left.elementsEqual(right) { $0 == $1 }
            case (.table(let left, let rows), .table(let right, let others)): left == right && rows == others
            default: false
            }
        }
    }

    /// The model's name and the version's number.
    package let title: String
    /// The parts in order.
    package let sections: [Section]

    /// Puts a card together; parts without anything in them are left out.
    package init(title: String, sections: [Section]) {
        self.title = title
        self.sections = sections.filter { !$0.blocks.isEmpty }
    }

    /// The card for tools.
    package var json: JSONValue {
        ["title": .string(title), "sections": .array(sections.map(\.json))]
    }
}

extension ModelCard.Section {
    fileprivate var json: JSONValue {
        let blocks: [JSONValue] = blocks.map { block in
            switch block {
            case .text(let text): ["text": .string(text)]
            case .facts(let facts):
                ["facts": .object(JSONObject(facts.map { ($0.name, JSONValue.string($0.value)) }))]
            case .table(let columns, let rows):
                [
                    "columns": .array(columns.map(JSONValue.string)),
                    "rows": .array(rows.map { .array($0.map(JSONValue.string)) }),
                ]
            }
        }
        return ["title": .string(title), "blocks": .array(blocks)]
    }
}
