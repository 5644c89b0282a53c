import Yams

/// Compares two trees that may differ in one value only.
struct YAMLComparison {
    /// What was found.
    enum Outcome {
        /// They differ in the value, as was wanted, and in nothing else.
        case same
        /// The value is there, but of another type, or another text.
        case otherType
        /// Something else differs, too.
        case otherValue
        /// There is too much to compare.
        case tooMuch
    }

    let value: String
    private var budget = GitOpsLimits.comparedNodes

    init(value: String) {
        self.value = value
    }

    /// Compares two values; `way` is the rest of the way to the one that may differ, nil when it is elsewhere.
    mutating func compare(_ old: Node, _ new: Node, at way: ArraySlice<String>?) -> Outcome {
        budget -= 1
        guard budget > 0 else { return .tooMuch }
        if let way, way.isEmpty {
            let isType = Resolver.default.resolveTag(of: old) == Resolver.default.resolveTag(of: new)
            return new.scalar?.string == value && isType ? .same : .otherType
        }
        switch (old, new) {
        case (.scalar(let left), .scalar(let right)):
            let isType = Resolver.default.resolveTag(of: old) == Resolver.default.resolveTag(of: new)
            return left.string == right.string && isType ? .same : .otherValue
        case (.mapping(let left), .mapping(let right)):
            guard left.count == right.count else { return .otherValue }
            for (one, other) in zip(left, right) {
                let key = compare(one.key, other.key, at: nil)
                guard key == .same else { return key }
                let isWay = way.map { $0.first == one.key.scalar?.string } ?? false
                let outcome = compare(one.value, other.value, at: isWay ? way?.dropFirst() : nil)
                guard outcome == .same else { return outcome }
            }
            return .same
        case (.sequence(let left), .sequence(let right)):
            guard left.count == right.count else { return .otherValue }
            for (index, pair) in zip(left, right).enumerated() {
                let isWay = way.map { $0.first.flatMap { Int($0) } == index } ?? false
                let outcome = compare(pair.0, pair.1, at: isWay ? way?.dropFirst() : nil)
                guard outcome == .same else { return outcome }
            }
            return .same
        default: return .otherValue
        }
    }
}
