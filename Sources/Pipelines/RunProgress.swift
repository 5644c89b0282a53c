import Core

/// What a driver knows of the run while it drives it.
struct RunProgress {
    var machine: PipelineRunStateMachine
    let spec: PipelineSpec
    let run: PipelineRun
    let directory: String
    /// The declarations by task, also of those that run upon failure.
    let tasks: [String: TaskSpec]
    let places: [String: Int]
    /// What ended tasks gave, as long as a task may ask for it.
    private(set) var results: [String: TaskResult] = [:]
    /// How many tasks may still ask for each task's result.
    private var readers: [String: Int] = [:]
    /// The values that tasks fan out to.
    var items: [String: [JSONValue]] = [:]
    /// How tasks ended, where a condition asks for it.
    private(set) var states: [String: TaskState] = [:]
    private let asked: Set<String>
    var logs: [String: TaskLog] = [:]
    var stops: [String: AsyncStream<Void>.Continuation] = [:]
    /// The attempts under way, for what is recorded when they end.
    var attempts: [String: RunningAttempt] = [:]
    /// Why tasks failed whose handler is yet to run.
    var failures: [String: String] = [:]
    var firstFailure: (task: String, error: String)?
    var armed: Timestamp?
    var ended: RunState?

    /// What a task gave.
    struct TaskResult: Sendable {
        var outputs: JSONObject = [:]
        var artifacts: [ArtifactRecord] = []
    }

    /// An attempt under way.
    struct RunningAttempt: Sendable {
        let job: StepJob
        let spec: TaskSpec
        let startedAt: Timestamp
    }

    init(
        machine: PipelineRunStateMachine,
        spec: PipelineSpec,
        snapshot: RunSnapshot
    ) {
        self.machine = machine
        self.spec = spec
        run = snapshot.run
        directory = snapshot.directory
        var tasks: [String: TaskSpec] = [:]
        var places: [String: Int] = [:]
        var asked: Set<String> = []
        func add(_ task: TaskSpec, _ place: Int) {
            tasks[task.name] = task
            places[task.name] = place
            asked.formUnion(task.condition?.tasks ?? [])
        }
        for (place, task) in spec.tasks.enumerated() {
            add(task, place)
            if case .handler(let handler) = task.onFailure { add(handler, place) }
        }
        if let handler = spec.onFailure { add(handler, spec.tasks.count) }
        self.tasks = tasks
        self.places = places
        self.asked = asked
        for task in tasks.values {
            for source in task.sources() { readers[source, default: 0] += 1 }
        }
        restore(snapshot)
    }

    private mutating func restore(_ snapshot: RunSnapshot) {
        for task in snapshot.tasks {
            let latest = task.latest
            if let parent = latest.parent, let index = Int(latest.task.dropFirst(parent.count + 1)) {
                var items = items[parent] ?? []
                while items.count <= index { items.append(.null) }
                items[index] = latest.item ?? .null
                self.items[parent] = items
            }
            if let instances = latest.instances { counts[latest.task] = instances }
            guard latest.state.isFinal else { continue }
            note(latest.task, latest.state, TaskResult(outputs: latest.outputs, artifacts: latest.artifacts))
            if latest.state == .failed { noteFailure(latest.task, latest.error ?? "") }
        }
        for task in snapshot.tasks where task.latest.state.isFinal && task.latest.parent == nil {
            forget(after: task.name)
        }
    }

    /// The declaration of a task, of an instance that of its group.
    func declaration(_ task: String) -> (spec: TaskSpec, index: Int?)? {
        if let spec = tasks[task] { return (spec, nil) }
        guard let instance = machine.instance(task), let spec = tasks[instance.group] else { return nil }
        return (spec, instance.index)
    }

    /// Keeps what a task gave, when somebody may ask for it.
    mutating func note(_ task: String, _ state: TaskState, _ result: TaskResult) {
        if asked.contains(task) { states[task] = state }
        let owner = machine.instance(task)?.group ?? task
        guard state == .succeeded, readers[owner] ?? 0 > 0 else { return }
        results[task] = result
    }

    /// Keeps why a task failed, for the task that runs then.
    mutating func noteFailure(_ task: String, _ error: String) {
        if firstFailure == nil { firstFailure = (task, error) }
        if case .handler? = tasks[task]?.onFailure { failures[task] = error }
    }

    /// A task has ended and will not ask again: what nobody may ask for any more goes.
    mutating func forget(after task: String) {
        guard let spec = tasks[task] else { return }
        for source in spec.sources() {
            guard let count = readers[source] else { continue }
            readers[source] = count - 1
            guard count <= 1 else { continue }
            results[source] = nil
            for index in (items[source] ?? []).indices { results["\(source).\(index)"] = nil }
        }
        // Nobody else looks at the values that a task fanned out to.
        items[task] = nil
    }

    /// What a task that fanned out gave: each key with the list of what its runs gave.
    private func joined(_ task: String, count: Int) -> JSONObject {
        var keys: [String] = []
        for index in 0..<count {
            for key in results["\(task).\(index)"]?.outputs.keys ?? [] where !keys.contains(key) { keys.append(key) }
        }
        return JSONObject(
            keys.map { key in
                (key, .array((0..<count).map { results["\(task).\($0)"]?.outputs[key] ?? .null }))
            }
        )
    }

    /// How many runs a task has that fanned out.
    func count(_ task: String) -> Int? {
        guard tasks[task]?.fanOut != nil else { return nil }
        return counts[task]
    }

    /// How many runs each task has that fanned out; kept when its values are not.
    var counts: [String: Int] = [:]

    /// What references in a task's values stand for.
    func values(for spec: TaskSpec, index: Int?) -> ValueTemplate.Values {
        var values = ValueTemplate.Values(
            parameters: run.parameters,
            outputs: [:],
            directory: directory,
            runID: run.id
        )
        values.time = run.time ?? run.createdAt
        for source in spec.sources() {
            if let count = count(source) {
                values.outputs[source] = joined(source, count: count)
            } else if let result = results[source] {
                values.outputs[source] = result.outputs
            }
        }
        if let index {
            values.index = index
            values.item = items[spec.name].flatMap { $0.indices.contains(index) ? $0[index] : nil }
        }
        for input in spec.inputs { values.inputs[input.name] = input.path }
        for output in spec.outputs { values.artifacts[output.name] = output.path }
        if spec.name.hasSuffix(".on_failure") {
            let owner = String(spec.name.dropLast(".on_failure".count))
            let failure = spec.name == self.spec.onFailure?.name ? firstFailure : failures[owner].map { (owner, $0) }
            values.failure = ["task": .string(failure?.task ?? owner), "error": .string(failure?.error ?? "")]
        }
        return values
    }

    /// What the tasks gave that a task needs, those that fanned out by their runs.
    func upstream(of spec: TaskSpec) -> [String: JSONObject] {
        var upstream: [String: JSONObject] = [:]
        for need in spec.needs {
            if let count = count(need) {
                for index in 0..<count {
                    if let result = results["\(need).\(index)"] { upstream["\(need).\(index)"] = result.outputs }
                }
            } else {
                upstream[need] = results[need]?.outputs ?? [:]
            }
        }
        return upstream
    }

    /// The artifacts that a task is given.
    ///
    /// - Throws: `failedPrecondition` when one was not left, because its task was skipped.
    func inputs(of spec: TaskSpec) throws(MartletError) -> [StagedInput] {
        var inputs: [StagedInput] = []
        for input in spec.inputs {
            func left(_ task: String) throws(MartletError) -> ArtifactRecord {
                guard let record = results[task]?.artifacts.first(where: { $0.name == input.artifact }) else {
                    throw MartletError(
                        .failedPrecondition,
                        "The task '\(spec.name)' is given '\(input.artifact)' of the task '\(task)', which did not leave it."
                    )
                }
                return ArtifactRecord(
                    name: input.name,
                    place: record.place,
                    isDirectory: record.isDirectory,
                    bytes: record.bytes,
                    sha256: record.sha256,
                    from: task
                )
            }
            var records: [ArtifactRecord] = []
            let count = count(input.task)
            if let count {
                for index in 0..<count { records.append(try left("\(input.task).\(index)")) }
            } else {
                records.append(try left(input.task))
            }
            inputs.append(StagedInput(name: input.name, path: input.path, records: records, isMany: count != nil))
        }
        return inputs
    }
}
