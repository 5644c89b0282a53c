import Core

/// The order of a pipeline's tasks: who waits for whom.
struct TaskGraph: Sendable {
    /// The tasks that need each task, by position.
    let dependents: [[Int]]
    /// The tasks that each task needs, by position.
    let needs: [[Int]]
    /// How many steps from the start each task is: 0 for those that need nothing.
    let levels: [Int]
    /// The tasks in an order in which every task follows what it needs.
    let order: [Int]

    /// Orders the tasks.
    ///
    /// - Throws: `invalidArgument` naming a missing task or showing a cycle as `a → b → a`.
    init(_ tasks: [TaskSpec], path: String) throws(MartletError) {
        let positions = Dictionary(tasks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var needs: [[Int]] = []
        var edges = 0
        for task in tasks {
            var needed: [Int] = []
            for name in task.needs {
                guard let position = positions[name] else {
                    throw MartletError(
                        .invalidArgument,
                        "'\(path).\(task.name).needs' names the task '\(name)', which the pipeline does not have."
                    )
                }
                needed.append(position)
            }
            edges += needed.count
            needs.append(needed)
        }
        guard edges <= PipelinesLimits.edges else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has \(edges) needs in all; at most \(PipelinesLimits.edges) are accepted."
            )
        }
        var dependents = [[Int]](repeating: [], count: tasks.count)
        for (position, needed) in needs.enumerated() {
            for need in needed { dependents[need].append(position) }
        }
        var waiting = needs.map(\.count)
        var levels = [Int](repeating: 0, count: tasks.count)
        var order = tasks.indices.filter { waiting[$0] == 0 }
        var head = 0
        while head < order.count {
            let position = order[head]
            head += 1
            for dependent in dependents[position] {
                levels[dependent] = max(levels[dependent], levels[position] + 1)
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { order.append(dependent) }
            }
        }
        guard order.count == tasks.count else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has a cycle: \(Self.cycle(tasks.map(\.name), needs: needs, within: waiting))."
            )
        }
        self.dependents = dependents
        self.needs = needs
        self.levels = levels
        self.order = order
    }

    /// A cycle among the tasks that still wait, in the direction of execution.
    ///
    /// Every such task needs another such task, so walking from need to need must come round.
    private static func cycle(_ names: [String], needs: [[Int]], within waiting: [Int]) -> String {
        guard var position = waiting.indices.first(where: { waiting[$0] > 0 }) else { return "" }
        var walked: [Int] = []
        var place: [Int: Int] = [:]
        while place[position] == nil {
            place[position] = walked.count
            walked.append(position)
            guard let next = needs[position].first(where: { waiting[$0] > 0 }) else { return names[position] }
            position = next
        }
        let loop = walked[(place[position] ?? 0)...].reversed()
        let names = ([position] + loop).map { names[$0] }
        if names.count > 20 { return names.prefix(10).joined(separator: " → ") + " → … → " + names[0] }
        return names.joined(separator: " → ")
    }

    /// The tasks that `position` needs, directly or through others.
    func ancestors(of position: Int) -> Set<Int> {
        var found: Set<Int> = []
        var pending = needs[position]
        while let next = pending.popLast() {
            if found.insert(next).inserted { pending += needs[next] }
        }
        return found
    }
}
