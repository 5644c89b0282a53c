import Core

/// Checks that what the values of a pipeline refer to is there, and has ended when it is asked.
struct SpecReferences {
    private let spec: PipelineSpec
    private let path: String
    private let positions: [String: Int]
    private let parameters: Set<String>

    init(_ spec: PipelineSpec, path: String) {
        self.spec = spec
        self.path = path
        positions = Dictionary(spec.tasks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        parameters = Set(spec.parameters.keys)
    }

    func check() throws(MartletError) {
        for (position, task) in spec.tasks.enumerated() {
            let path = "\(self.path).tasks.\(task.name)"
            try check(task, before: position, isHandler: false, path: path)
            try checkPool(task, path: path)
            if case .handler(let handler) = task.onFailure {
                try check(handler, before: position, isHandler: true, path: "\(path).on_failure")
            }
        }
        if let handler = spec.onFailure {
            try check(handler, before: nil, isHandler: true, path: "\(path).on_failure")
        }
    }

    private func checkPool(_ task: TaskSpec, path: String) throws(MartletError) {
        guard let pool = task.pool else { return }
        guard let slots = spec.pools[pool.name] else {
            throw MartletError(
                .invalidArgument,
                "'\(path).pool' names the pool '\(pool.name)', which '\(self.path).pools' does not declare."
            )
        }
        guard pool.slots <= slots else {
            throw MartletError(
                .invalidArgument,
                "'\(path).pool' takes \(pool.slots) places, but the pool '\(pool.name)' has \(slots)."
            )
        }
    }

    /// Checks one task; `position` is its own, or its owner's, or nil for the pipeline's handler, which sees all tasks.
    private func check(
        _ task: TaskSpec,
        before position: Int?,
        isHandler: Bool,
        path: String
    ) throws(MartletError) {
        for (reference, place) in try task.references(path: path) {
            switch reference {
            case .directory, .runID, .time: break
            case .parameter(let name):
                guard parameters.contains(name) else {
                    throw MartletError(
                        .invalidArgument,
                        "'\(place)' refers to the parameter '\(name)', which the pipeline does not declare."
                    )
                }
            case .output(let name, _): try requireNeed(name, of: task, at: position, place: place)
            case .item, .index, .axis: try checkItem(reference, task, place: place)
            case .input(let name):
                guard task.inputs.contains(where: { $0.name == name }) else { throw undeclared(reference, place) }
            case .artifact(let name):
                guard task.outputs.contains(where: { $0.name == name }) else { throw undeclared(reference, place) }
            case .failure:
                guard isHandler else {
                    throw MartletError(
                        .invalidArgument,
                        "'\(place)': '\(reference.text)' is known in 'on_failure' only."
                    )
                }
            }
        }
        for name in task.condition?.tasks ?? [] { try requireNeed(name, of: task, at: position, place: "\(path).when") }
        for input in task.inputs { try checkInput(input, task, position, path: path) }
    }

    private func checkItem(
        _ reference: ValueTemplate.Reference,
        _ task: TaskSpec,
        place: String
    ) throws(MartletError) {
        switch (reference, task.fanOut?.source) {
        case (.item, _?), (.index, _?):
            // The values themselves are not known before there are any.
            guard !place.hasSuffix(".foreach"), !place.contains(".matrix.") else { break }
            return
        case (.axis(let name), .matrix(let axes, _)?) where axes.contains(where: { $0.name == name }): return
        default: break
        }
        throw MartletError(
            .invalidArgument,
            "'\(place)' refers to '\(reference.text)', which the task does not have; declare 'matrix' or 'foreach'."
        )
    }

    private func checkInput(
        _ input: InputArtifact,
        _ task: TaskSpec,
        _ position: Int?,
        path: String
    ) throws(MartletError) {
        let place = "\(path).inputs.\(input.name)"
        try requireNeed(input.task, of: task, at: position, place: place)
        let source = positions[input.task].map { spec.tasks[$0] }
        guard source?.outputs.contains(where: { $0.name == input.artifact }) == true else {
            throw MartletError(
                .invalidArgument,
                "'\(place)' comes from '\(input.task).\(input.artifact)', but that task declares no such output."
            )
        }
    }

    private func requireNeed(
        _ name: String,
        of task: TaskSpec,
        at position: Int?,
        place: String
    ) throws(MartletError) {
        if let position {
            let owner = spec.tasks[position]
            // Nearly always it is needed directly; only otherwise the graph is walked.
            if owner.needs.contains(name), positions[name] != nil { return }
            if let needed = positions[name], spec.graph.ancestors(of: position).contains(needed) { return }
        } else if positions[name] != nil {
            return
        }
        throw MartletError(
            .invalidArgument,
            "'\(place)' refers to the task '\(name)', which '\(task.name)' does not need; add it to 'needs'."
        )
    }

    private func undeclared(_ reference: ValueTemplate.Reference, _ place: String) -> MartletError {
        MartletError(.invalidArgument, "'\(place)' refers to '\(reference.text)', which the task does not declare.")
    }
}

extension TaskSpec {
    /// Every reference in the task's values, with the path of the string it stands in.
    func references(path: String) throws(MartletError) -> [(ValueTemplate.Reference, path: String)] {
        var found: [(ValueTemplate.Reference, path: String)] = []
        switch action {
        case .step(_, let with): found += try ValueTemplate.references(in: .object(with), path: "\(path).with")
        case .command(let words): found += try Self.references(in: words, path: "\(path).run")
        case .script: break
        case .container(let container):
            found += try Self.references(in: container.command, path: "\(path).container.command")
            found += try Self.references(in: container.arguments, path: "\(path).container.args")
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            let place = "\(path).env.\(name)"
            found += try ValueTemplate(value, path: place).references.map { ($0, place) }
        }
        for reference in condition?.references ?? [] { found.append((reference, "\(path).when")) }
        for (text, key) in fanOut?.references ?? [] {
            found += try ValueTemplate(text, path: "\(path).\(key)").references.map { ($0, "\(path).\(key)") }
        }
        return found
    }

    private static func references(
        in words: [String],
        path: String
    ) throws(MartletError) -> [(ValueTemplate.Reference, path: String)] {
        var found: [(ValueTemplate.Reference, path: String)] = []
        for (position, word) in words.enumerated() {
            let place = "\(path)[\(position)]"
            found += try ValueTemplate(word, path: place).references.map { ($0, place) }
        }
        return found
    }

    /// The tasks whose results this one is given or refers to.
    func sources() -> Set<String> {
        var names = Set(needs)
        names.formUnion(inputs.map(\.task))
        // What was parsed once parses again.
        for (reference, _) in (try? references(path: name)) ?? [] {
            if case .output(let task, _) = reference { names.insert(task) }
        }
        return names
    }
}
