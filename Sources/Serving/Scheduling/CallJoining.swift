package import Core
package import Runtimes

/// Makes one call of several, and several answers of one.
package enum CallJoining {
    /// One call with the rows of all, in order; the calls have equal keys.
    ///
    /// - Throws: `invalidArgument` when they do not fit together after all.
    package static func join(_ calls: [ModelCall], rows: [Int]) throws(MartletError) -> ModelCall {
        guard let first = calls.first else { throw MartletError(.internal, "A batch without calls.") }
        guard calls.count > 1 else { return first }
        let total = rows.reduce(0, +)
        var joined = first
        joined.deadline = latest(calls)
        switch first.input {
        case .rows(let values, _):
            var all: [Float] = []
            all.reserveCapacity(values.count / max(1, rows[0]) * total)
            for call in calls {
                guard case .rows(let values, _) = call.input else { throw unlike() }
                all.append(contentsOf: values)
            }
            joined.input = .rows(all, count: total)
        case .tensors(let tensors, let layout):
            var parts: [NamedTensor] = []
            for index in tensors.indices {
                var same: [Tensor] = []
                for call in calls {
                    guard case .tensors(let others, _) = call.input, index < others.count else { throw unlike() }
                    same.append(others[index].tensor)
                }
                parts.append(NamedTensor(tensors[index].name, try concatenate(same, rows: total)))
            }
            joined.input = .tensors(parts, layout)
        case .json: throw unlike()
        }
        return joined
    }

    /// The rows of `call` in pieces of at most `maximum`; the call itself when it has no more or cannot be cut.
    package static func pieces(of call: ModelCall, rows: Int, maximum: Int) throws(MartletError) -> [(
        call: ModelCall, rows: Int
    )] {
        guard rows > maximum, maximum > 0, BatchKey(call, rows: rows) != nil else { return [(call, rows)] }
        var counts = [Int](repeating: maximum, count: rows / maximum)
        if rows % maximum > 0 { counts.append(rows % maximum) }
        let inputs: [ModelInput]
        switch call.input {
        case .rows(let values, _):
            inputs = slices(of: values, counts, rows: rows).enumerated().map { .rows($1, count: counts[$0]) }
        case .tensors(let tensors, let layout):
            guard let parts = try cut(tensors, counts, rows: rows) else { return [(call, rows)] }
            inputs = parts.map { .tensors($0, layout) }
        case .json: return [(call, rows)]
        }
        return zip(inputs, counts).map { input, count in
            var piece = call
            piece.input = input
            return (piece, count)
        }
    }

    /// The answer of each call, in order; nil when the answer has not one row for each row asked.
    package static func split(_ content: ModelResult.Content, rows counts: [Int]) throws(MartletError) -> [ModelResult
        .Content]?
    {
        let total = counts.reduce(0, +)
        switch content {
        case .rows(let values, let count):
            guard count == total, total > 0, values.count % total == 0 else { return nil }
            return slices(of: values, counts, rows: total).enumerated().map { .rows($1, count: counts[$0]) }
        case .tensors(let tensors, let layout):
            return try cut(tensors, counts, rows: total)?.map { .tensors($0, layout) }
        case .json(.array(let values)):
            guard values.count == total else { return nil }
            return slices(of: values, counts, rows: total).map { .json(.array($0)) }
        case .json: return nil
        }
    }

    /// One answer of the answers to consecutive pieces; nil when they are of different kinds.
    package static func merge(_ answers: [ModelResult.Content]) throws(MartletError) -> ModelResult.Content? {
        guard let first = answers.first, answers.count > 1 else { return answers.first }
        switch first {
        case .rows:
            var all: [Float] = []
            var total = 0
            for answer in answers {
                guard case .rows(let values, let count) = answer else { return nil }
                all.append(contentsOf: values)
                total += count
            }
            return .rows(all, count: total)
        case .tensors(let tensors, let layout):
            var parts: [NamedTensor] = []
            for index in tensors.indices {
                var same: [Tensor] = []
                for answer in answers {
                    guard case .tensors(let others, _) = answer, index < others.count else { return nil }
                    same.append(others[index].tensor)
                }
                let rows = same.reduce(0) { $0 + ($1.shape.first ?? 0) }
                parts.append(NamedTensor(tensors[index].name, try concatenate(same, rows: rows)))
            }
            return .tensors(parts, layout)
        case .json:
            var all: [JSONValue] = []
            for answer in answers {
                guard case .json(.array(let values)) = answer else { return nil }
                all.append(contentsOf: values)
            }
            return .json(.array(all))
        }
    }

    private static func latest(_ calls: [ModelCall]) -> UInt64? {
        var latest: UInt64 = 0
        for call in calls {
            guard let deadline = call.deadline else { return nil }
            latest = max(latest, deadline)
        }
        return latest
    }

    private static func concatenate(_ tensors: [Tensor], rows: Int) throws(MartletError) -> Tensor {
        guard let first = tensors.first else { throw unlike() }
        let shape = [rows] + first.shape.dropFirst()
        guard tensors.allSatisfy({ $0.dataType == first.dataType }) else { throw unlike() }
        if first.dataType == .bytes { return try Tensor(shape: shape, texts: tensors.flatMap(\.texts)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tensors.reduce(0) { $0 + $1.packed.count })
        for tensor in tensors { bytes.append(contentsOf: tensor.packed) }
        return try Tensor(first.dataType, shape: shape, packed: bytes)
    }

    private static func cut(
        _ tensors: [NamedTensor],
        _ counts: [Int],
        rows: Int
    ) throws(MartletError) -> [[NamedTensor]]? {
        guard rows > 0, !tensors.isEmpty else { return nil }
        var parts = [[NamedTensor]](repeating: [], count: counts.count)
        for named in tensors {
            let tensor = named.tensor
            guard tensor.shape.first == rows else { return nil }
            let rest = tensor.shape.dropFirst()
            if tensor.dataType == .bytes {
                for (index, texts) in slices(of: tensor.texts, counts, rows: rows).enumerated() {
                    parts[index].append(
                        NamedTensor(named.name, try Tensor(shape: [counts[index]] + rest, texts: texts))
                    )
                }
            } else {
                for (index, bytes) in slices(of: tensor.packed, counts, rows: rows).enumerated() {
                    let part = try Tensor(tensor.dataType, shape: [counts[index]] + rest, packed: bytes)
                    parts[index].append(NamedTensor(named.name, part))
                }
            }
        }
        return parts
    }

    /// Consecutive runs of elements for so many rows each, of an array of `rows` rows.
    private static func slices<Element>(of values: [Element], _ counts: [Int], rows: Int) -> [[Element]] {
        let width = values.count / max(1, rows)
        var start = 0
        return counts.map { count in
            let end = min(values.count, start + count * width)
            defer { start = end }
            return Array(values[start..<end])
        }
    }

    private static func unlike() -> MartletError {
        MartletError(.internal, "Calls of different kinds were joined.")
    }
}
