package import Core

/// One field that two documents have differently.
package struct FieldChange: Sendable, Equatable {
    /// A step from a document to one of its fields.
    package enum Step: Sendable, Equatable {
        /// A member of an object.
        case key(String)
        /// An element of an array.
        case index(Int)
    }

    /// The way to the field.
    package let steps: [Step]
    /// What it is; nil when it is not there.
    package let before: JSONValue?
    /// What it becomes; nil when it goes.
    package let after: JSONValue?

    /// The way to the field as messages name it, such as `rollout.checks.error_rate.max` or `columns[3]`.
    package var path: String {
        var path = ""
        for step in steps {
            switch step {
            case .key(let key): path += path.isEmpty ? key : ".\(key)"
            case .index(let index): path += "[\(index)]"
            }
        }
        return path
    }

    /// The change as the API says it: a `from` that is missing was not there, a `to` that is missing goes.
    package var json: JSONValue {
        var object: JSONObject = ["path": .string(path)]
        object["from"] = before
        object["to"] = after
        return .object(object)
    }

    /// Most plain values of an array that is one field.
    private static let shortArray = 8

    /// Every field in which two documents differ, in the order of the new one.
    ///
    /// The order of an object's members does not count. Short arrays of plain values count as one field; of others the
    /// common beginning and end are set aside and the rest is compared pairwise.
    ///
    /// - Parameters:
    ///   - old: the document as it is.
    ///   - new: the document as it is to be.
    /// - Returns: the differences; none for equal documents.
    package static func between(_ old: JSONValue, _ new: JSONValue) -> [FieldChange] {
        var changes: [FieldChange] = []
        compare(old, new, at: [], into: &changes)
        return changes
    }

    private static func compare(_ old: JSONValue, _ new: JSONValue, at steps: [Step], into changes: inout [FieldChange])
    {
        guard old != new else { return }
        switch (old, new) {
        case (.object(let old), .object(let new)): compare(old, new, at: steps, into: &changes)
        case (.array(let old), .array(let new)) where isTakenApart(old) || isTakenApart(new):
            compare(old, new, at: steps, into: &changes)
        default: changes.append(FieldChange(steps: steps, before: old, after: new))
        }
    }

    private static func isTakenApart(_ array: [JSONValue]) -> Bool {
        array.count > shortArray || array.contains { $0.objectValue != nil }
    }

    private static func compare(
        _ old: JSONObject,
        _ new: JSONObject,
        at steps: [Step],
        into changes: inout [FieldChange]
    ) {
        for (key, after) in new.pairs {
            let place = steps + [.key(key)]
            if let before = old[key] {
                compare(before, after, at: place, into: &changes)
            } else {
                changes.append(FieldChange(steps: place, before: nil, after: after))
            }
        }
        for (key, before) in old.pairs where new[key] == nil {
            changes.append(FieldChange(steps: steps + [.key(key)], before: before, after: nil))
        }
    }

    private static func compare(
        _ old: [JSONValue],
        _ new: [JSONValue],
        at steps: [Step],
        into changes: inout [FieldChange]
    ) {
        let shorter = min(old.count, new.count)
        var head = 0
        while head < shorter, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        let length = max(old.count, new.count) - head - tail
        for index in head..<(head + length) {
            let before: JSONValue? = index < old.count - tail ? old[index] : .none
            let after: JSONValue? = index < new.count - tail ? new[index] : .none
            let place = steps + [.index(index)]
            if let before, let after {
                compare(before, after, at: place, into: &changes)
            } else {
                changes.append(FieldChange(steps: place, before: before, after: after))
            }
        }
    }

    /// The document that has everything of `document` but this change.
    func undone(in document: JSONValue) -> JSONValue {
        Self.put(before, at: steps[...], in: document)
    }

    private static func put(_ value: JSONValue?, at steps: ArraySlice<Step>, in document: JSONValue) -> JSONValue {
        guard let step = steps.first else { return value ?? .null }
        let rest = steps.dropFirst()
        switch (step, document) {
        case (.key(let key), .object(var object)):
            object[key] = rest.isEmpty ? value : object[key].map { put(value, at: rest, in: $0) }
            return .object(object)
        case (.index(let index), .array(var array)):
            if !rest.isEmpty, array.indices.contains(index) {
                array[index] = put(value, at: rest, in: array[index])
            } else if let value {
                if array.indices.contains(index) { array[index] = value } else { array.append(value) }
            } else if array.indices.contains(index) {
                array.remove(at: index)
            }
            return .array(array)
        default: return document
        }
    }
}
