package import Core

/// How many copies of a deployment's models work: the manifest's `replicas` object.
///
/// Martlet keeps one copy of a model that is its own code or a library, and lets calls work on it side by side; a model
/// that needs Python has as many processes as it may have copies.
package struct ReplicaSettings: Sendable, Equatable {
    /// 0 when the models leave memory while nobody asks; the first request after that loads them again.
    package var minimum = 1
    /// Most calls (or Python processes) at work for one version; nil for the default of the kind of model.
    package var maximum: Int?
    /// After how long without a call a model with a minimum of 0 leaves memory.
    package var idle: Duration = ServingLimits.standardIdleTime

    /// The defaults: always in memory.
    package init() {}

    /// Reads the object.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["min", "max", "idle"])
        let most = Int64(ServingLimits.maximumReplicas)
        if let count = try fields.optionalInt("min", in: 0...most) { minimum = Int(count) }
        maximum = try fields.optionalInt("max", in: 1...most).map { Int($0) }
        if let maximum, maximum < minimum { throw fields.invalid("max", "must not be below 'min'") }
        guard let idle = try fields.optionalDuration("idle") else { return }
        guard (.milliseconds(1)...ServingLimits.maximumIdleTime).contains(idle) else {
            throw fields.invalid("idle", "must be from 1 ms to \(ServingLimits.maximumIdleTime)")
        }
        guard minimum == 0 else { throw fields.invalid("idle", "has no meaning unless 'min' is 0") }
        self.idle = idle
    }

    /// The object as it stands in a manifest, without what is left to the defaults.
    package var json: JSONObject {
        var object: JSONObject = [:]
        if minimum != 1 { object["min"] = .int(minimum) }
        if let maximum { object["max"] = .int(maximum) }
        if minimum == 0, idle != ServingLimits.standardIdleTime {
            object["idle"] = .string("\(idle.wholeMilliseconds)ms")
        }
        return object
    }

    /// What the deployment's `serving` object says, with what it leaves open filled in by the replicas.
    package func applied(to serving: ServingSettings) -> ServingSettings {
        var settings = serving
        if minimum == 0, settings.idle == nil { settings.idle = idle }
        // A minimum above 1 asks for that many processes at least; they are all started at once.
        let copies = maximum ?? (minimum > 1 ? minimum : nil)
        if let copies {
            if settings.python.workers == nil { settings.python.workers = copies }
            if settings.executor.concurrency == nil { settings.executor.concurrency = copies }
        }
        return settings
    }
}
