/// A JSON object that keeps the order of its keys, so that what is written reads as it was meant.
///
/// Look-ups scan small objects and use an index beyond that; keys are unique.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    private var members: [(key: String, value: JSONValue)] = []
    private var index: [String: Int]?
    private static let scanLimit = 12

    /// An empty object.
    package init() {}

    /// An object from pairs; a repeated key keeps its first place and its last value.
    package init(_ pairs: some Sequence<(String, JSONValue)>) {
        for (key, value) in pairs {
            self[key] = value
        }
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// The keys in order.
    package var keys: [String] {
        members.map(\.key)
    }

    /// The members in order.
    package var pairs: [(key: String, value: JSONValue)] {
        members
    }

    /// How many members there are.
    package var count: Int {
        members.count
    }

    /// Whether there are no members.
    package var isEmpty: Bool {
        members.isEmpty
    }

    /// The value of `key`; setting nil removes it.
    package subscript(_ key: String) -> JSONValue? {
        get {
            position(of: key).map { members[$0].value }
        }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                index = nil
                indexIfLarge()
            case (nil, let value?):
                members.append((key, value))
                if index != nil { index?[key] = members.count - 1 } else { indexIfLarge() }
            case (nil, nil):
                break
            }
        }
    }

    private func position(of key: String) -> Int? {
        if let index { return index[key] }
        return members.firstIndex { $0.key == key }
    }

    private mutating func indexIfLarge() {
        guard members.count > Self.scanLimit else { return }
        index = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
    }

    /// Equal members, in any order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}
