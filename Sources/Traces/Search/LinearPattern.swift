package import Core

/// A regular expression that is searched for in time proportional to the text (Thompson, 1968).
///
/// The databases' own operators differ in dialect, and SQLite has none; this one answers the same over both. Swift's own
/// `Regex` tries one way after the other: a pattern of ten characters can keep it busy for ever, and nothing stops it.
package struct LinearPattern: Sendable {
    private enum Step: Sendable {
        case set(PatternParser.Class)
        case start
        case end
        case wordBorder(Bool)
        case split(Int, Int)
        case found
    }

    private var steps: [Step] = []
    private let ignoresCase: Bool

    /// Prepares a pattern.
    ///
    /// - Throws: `invalidArgument` that shows where the pattern is wrong or which limit it passes.
    package init(_ pattern: String) throws(MartletError) {
        var parser = try PatternParser(pattern)
        let node = try parser.parse()
        ignoresCase = parser.ignoresCase
        try append(node)
        try emit(.found)
    }

    private mutating func emit(_ step: Step) throws(MartletError) {
        guard steps.count < TracesLimits.patternStates else {
            throw MartletError(.invalidArgument, "Invalid pattern for RLIKE: its repetitions make it too large.")
        }
        steps.append(step)
    }

    private mutating func append(_ node: PatternParser.Node) throws(MartletError) {
        switch node {
        case .set(let set): try emit(.set(set))
        case .start: try emit(.start)
        case .end: try emit(.end)
        case .wordBorder(let isBorder): try emit(.wordBorder(isBorder))
        case .sequence(let nodes): for node in nodes { try append(node) }
        case .choice(let nodes): try append(choice: nodes)
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try append(node) }
            if let most {
                var skips: [Int] = []
                for _ in least..<most {
                    skips.append(steps.count)
                    try emit(.split(steps.count + 1, 0))
                    try append(node)
                }
                for skip in skips { steps[skip] = .split(skip + 1, steps.count) }
            } else {
                let loop = steps.count
                try emit(.split(loop + 1, 0))
                try append(node)
                try emit(.split(loop, loop))
                steps[loop] = .split(loop + 1, steps.count)
            }
        }
    }

    private mutating func append(choice nodes: [PatternParser.Node]) throws(MartletError) {
        var ends: [Int] = []
        for (index, node) in nodes.enumerated() {
            let isLast = index == nodes.count - 1
            let split = steps.count
            if !isLast { try emit(.split(split + 1, 0)) }
            try append(node)
            guard !isLast else { continue }
            ends.append(steps.count)
            try emit(.split(0, 0))
            steps[split] = .split(split + 1, steps.count)
        }
        for end in ends { steps[end] = .split(steps.count, steps.count) }
    }

    /// Whether the pattern occurs anywhere in a text.
    ///
    /// - Parameters:
    ///   - text: where to look.
    ///   - budget: how much work may still be done; it is reduced.
    /// - Returns: whether it does.
    /// - Throws: `invalidArgument` when the budget is used up.
    package func occurs(in text: String, budget: inout Int) throws(MartletError) -> Bool {
        let scalars = Array((ignoresCase ? text.lowercased() : text).unicodeScalars)
        var current = StateSet(count: steps.count)
        var following = StateSet(count: steps.count)
        for position in 0...scalars.count {
            if add(0, to: &current, scalars, position) { return true }
            budget -= current.members.count
            guard budget > 0 else {
                throw MartletError(
                    .invalidArgument,
                    "The pattern for RLIKE needs too much work on these traces: simplify it, or narrow the search down."
                )
            }
            guard position < scalars.count else { return false }
            let value = scalars[position].value
            following.clear()
            for state in current.members {
                guard case .set(let set) = steps[state], matches(set, value) else { continue }
                if add(state + 1, to: &following, scalars, position + 1) { return true }
            }
            swap(&current, &following)
        }
        return false
    }

    private func matches(_ set: PatternParser.Class, _ value: UInt32) -> Bool {
        if set.contains(value) { return true }
        // The text is in lower case already; the pattern's letters may not be.
        guard ignoresCase, !set.isNegated, let scalar = Unicode.Scalar(value) else { return false }
        return scalar.properties.uppercaseMapping.unicodeScalars.first.map { set.contains($0.value) } ?? false
    }

    /// Adds a state and all that it leads to without reading; true if the end is among them.
    private func add(
        _ first: Int,
        to states: inout StateSet,
        _ scalars: [Unicode.Scalar],
        _ position: Int
    ) -> Bool {
        var pending = [first]
        while let state = pending.popLast() {
            guard states.insert(state) else { continue }
            switch steps[state] {
            case .found: return true
            case .set: continue
            case .split(let left, let right): pending += [right, left]
            case .start: if position == 0 { pending.append(state + 1) }
            case .end: if position == scalars.count { pending.append(state + 1) }
            case .wordBorder(let isBorder):
                let before = position > 0 && PatternParser.Class.word.contains(scalars[position - 1].value)
                let after = position < scalars.count && PatternParser.Class.word.contains(scalars[position].value)
                if (before != after) == isBorder { pending.append(state + 1) }
            }
        }
        return false
    }
}

/// A set of small numbers that is emptied at no cost.
private struct StateSet {
    private(set) var members: [Int] = []
    private var marks: [Bool]

    init(count: Int) {
        marks = Array(repeating: false, count: count)
    }

    /// Adds a number; false if it is there.
    mutating func insert(_ member: Int) -> Bool {
        guard !marks[member] else { return false }
        marks[member] = true
        members.append(member)
        return true
    }

    mutating func clear() {
        for member in members { marks[member] = false }
        members.removeAll(keepingCapacity: true)
    }
}
