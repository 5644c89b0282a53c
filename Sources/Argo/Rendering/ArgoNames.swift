package import Pipelines

/// The names that tasks have in a workflow: Argo takes letters, digits and hyphens.
package struct ArgoNames: Sendable, Equatable {
    private let names: [String: String]
    private let tasks: [String: String]

    /// Names every task of a pipeline and every task that runs on a failure.
    ///
    /// - Parameter spec: the pipeline.
    package init(_ spec: PipelineSpec) {
        var all: [String] = []
        for task in spec.tasks {
            all.append(task.name)
            if case .handler(let handler) = task.onFailure { all.append(handler.name) }
        }
        if let handler = spec.onFailure { all.append(handler.name) }
        // These two are templates of the workflow itself.
        var taken: Set<String> = ["pipeline", "on-exit"]
        var names: [String: String] = [:]
        var tasks: [String: String] = [:]
        for name in all {
            let plain = Self.plain(name, limit: ArgoLimits.taskCharacters)
            var chosen = plain
            var number = 2
            while !taken.insert(chosen).inserted {
                chosen = "\(plain)-\(number)"
                number += 1
            }
            names[name] = chosen
            tasks[chosen] = name
        }
        self.names = names
        self.tasks = tasks
    }

    /// A task's name in the workflow.
    package func name(of task: String) -> String { names[task] ?? Self.plain(task, limit: ArgoLimits.taskCharacters) }

    /// The task that a name of the workflow stands for.
    package func task(named name: String) -> String? { tasks[name] }

    /// Letters, digits and hyphens, beginning with a letter or digit.
    private static func plain(_ name: String, limit: Int) -> String {
        let mapped = String(
            name.unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
                default: "-"
                }
            }
        )
        let begun = mapped.first == "-" ? "t\(mapped)" : mapped
        return String(begun.prefix(limit))
    }

    /// A name of Kubernetes: lower-case letters, digits and hyphens.
    static func object(_ name: String) -> String {
        var plain = plain(name, limit: ArgoLimits.nameCharacters).lowercased()
        while plain.last == "-" { plain.removeLast() }
        return plain.isEmpty ? "pipeline" : plain
    }

    /// The name of the workflow of a run: starting it twice is refused by the API server.
    package static func workflow(_ pipeline: String, run id: String) -> String {
        "\(object(pipeline).prefix(ArgoLimits.nameCharacters - 26))-\(id.lowercased().prefix(32))"
    }
}
