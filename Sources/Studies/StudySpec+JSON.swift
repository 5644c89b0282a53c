package import Core
import Sampling

extension StudySpec {
    private static let fields = [
        "name", "space", "direction", "directions", "objectives", "sampler", "pruner", "trials", "heartbeat",
        "experiment", "summary",
    ]

    /// Reads a description.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(Self.fields)
        guard let parameters = try fields.optionalObject("space") else { throw fields.invalid("space", "is missing") }
        let space = try SearchSpace(json: parameters, path: fields.path(of: "space"))
        let directions = try Self.directions(fields)
        var sampler = SamplerSpec.standard(objectives: directions.count)
        if let given = try fields.optionalFields("sampler") { sampler = try SamplerSpec(given) }
        try sampler.check(space, objectives: directions.count)
        var pruner = PrunerSpec.none
        if let given = try fields.optionalFields("pruner") { pruner = try PrunerSpec.parse(given) }
        guard pruner == .none || directions.count == 1 else {
            throw fields.invalid("pruner", "cannot be used with several objectives")
        }
        self.init(
            space: space,
            directions: directions,
            objectives: try Self.objectives(fields, directions.count),
            sampler: sampler,
            pruner: pruner,
            trials: try fields.optionalInt("trials", in: 1...Int64(StudiesLimits.trials)).map(Int.init),
            heartbeat: try Self.heartbeat(fields),
            experiment: try Self.text(fields, "experiment").flatMap { $0.isEmpty ? nil : $0 },
            summary: try Self.text(fields, "summary") ?? ""
        )
    }

    private static func directions(_ fields: JSONFields) throws(MartletError) -> [Direction] {
        var words = ["minimize"]
        if let word = try fields.optionalString("direction") {
            guard fields.value("directions") == nil else { throw fields.invalid("direction", "excludes 'directions'") }
            words = [word]
        } else if fields.value("directions") != nil {
            words = try fields.strings("directions")
        }
        let directions = words.compactMap(Direction.init)
        guard directions.count == words.count, (1...SamplingLimits.objectives).contains(words.count) else {
            throw fields.invalid(
                "directions",
                "must be 1 to \(SamplingLimits.objectives) of the words minimize and maximize"
            )
        }
        return directions
    }

    private static func objectives(_ fields: JSONFields, _ count: Int) throws(MartletError) -> [String]? {
        guard fields.value("objectives") != nil else { return nil }
        let names = try fields.strings("objectives")
        guard names.count == count, Set(names).count == count,
            names.allSatisfy({ (1...SamplingLimits.nameBytes).contains($0.utf8.count) })
        else { throw fields.invalid("objectives", "must give each of the \(count) objectives a name of its own") }
        return names
    }

    private static func heartbeat(_ fields: JSONFields) throws(MartletError) -> Heartbeat? {
        guard let given = try fields.optionalFields("heartbeat") else { return nil }
        try given.rejectUnknown(["timeout", "retries"])
        guard let timeout = try given.optionalDuration("timeout") else { throw given.invalid("timeout", "is missing") }
        let milliseconds = timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
        guard (1000...604_800_000).contains(milliseconds) else {
            throw given.invalid("timeout", "must lie between 1s and 7d")
        }
        return Heartbeat(timeout: milliseconds, retries: Int(try given.optionalInt("retries", in: 0...100) ?? 0))
    }

    private static func text(_ fields: JSONFields, _ key: String) throws(MartletError) -> String? {
        guard let text = try fields.optionalString(key) else { return nil }
        guard text.utf8.count <= StudiesLimits.textBytes else {
            throw fields.invalid(key, "must have at most \(StudiesLimits.textBytes) bytes")
        }
        return text
    }

    /// The description as `init(_:)` reads it.
    package var json: JSONObject {
        var object: JSONObject = [
            "space": .object(space.json), "directions": .array(directions.map { .string($0.rawValue) }),
            "objectives": .array(objectives.map(JSONValue.string)), "sampler": .object(sampler.json),
            "pruner": .object(pruner.json),
        ]
        if let trials { object["trials"] = .int(trials) }
        if let heartbeat {
            object["heartbeat"] = [
                "timeout": .string("\(heartbeat.timeout)ms"), "retries": .int(heartbeat.retries),
            ]
        }
        if let experiment { object["experiment"] = .string(experiment) }
        if !summary.isEmpty { object["summary"] = .string(summary) }
        return object
    }
}
