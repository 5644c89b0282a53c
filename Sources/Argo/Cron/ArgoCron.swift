import Core
import Pipelines
import Schedules

/// The times of a pipeline as CronWorkflows, one for each trigger.
struct ArgoCron {
    let spec: PipelineSpec
    let options: ArgoOptions
    let notes: ArgoNotes

    /// The objects.
    ///
    /// - Throws: `invalidArgument` when nothing of the pipeline is a time, `unimplemented` for a time that cron cannot say.
    func objects(_ workflow: JSONObject) throws(MartletError) -> [JSONValue] {
        let place = "pipelines.\(spec.name).triggers"
        var timed: [(trigger: PipelineTrigger, times: TriggerTimes)] = []
        for trigger in try triggers(place) {
            if case .schedule(let times) = trigger.kind {
                timed.append((trigger, times))
            } else if trigger.kind != .manual {
                notes.warn("'\(place).\(trigger.name)' is left out: a CronWorkflow knows times only.")
            }
        }
        guard !timed.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The pipeline '\(spec.name)' has no trigger with a cron expression or an interval; render a 'template' or "
                    + "a 'workflow' of it."
            )
        }
        let base = ArgoNames.object(spec.name)
        var objects: [JSONValue] = []
        for (trigger, times) in timed {
            let name = timed.count == 1 ? base : "\(base)-\(ArgoNames.object(trigger.name))"
            let body = try body(trigger, times, workflow, place: "\(place).\(trigger.name)")
            objects.append(ArgoRenderer.object("CronWorkflow", name: name, spec, options, .object(body)))
        }
        return objects
    }

    private func triggers(_ place: String) throws(MartletError) -> [PipelineTrigger] {
        guard let section = spec.document["triggers"], section != .null else { return [] }
        return try PipelineTrigger.parseSection(JSONFields(section, path: place), declared: spec.parameters.keys)
    }

    private func body(
        _ trigger: PipelineTrigger,
        _ times: TriggerTimes,
        _ workflow: JSONObject,
        place: String
    ) throws(MartletError) -> JSONObject {
        var body: JSONObject = [:]
        switch times.timetable {
        case .cron(let cron):
            try requireKnown(cron.expression.text, place: place)
            body["schedules"] = [.string(cron.expression.text)]
            body["timezone"] = .string(cron.zone.name)
            notes.warn(
                "'\(place)': when clocks change, Argo runs a time that does not exist not at all and one that comes twice "
                    + "perhaps twice; Martlet runs each once."
            )
        case .interval(let interval):
            body["schedules"] = [.string(try Self.cron(interval, place: place, notes: notes))]
            body["timezone"] = "UTC"
        }
        body["concurrencyPolicy"] = .string(policy)
        body["startingDeadlineSeconds"] = .int(deadline(times, place: place))
        for (name, moment) in [("start", times.start), ("end", times.end)] where moment != nil {
            notes.warn("'\(place).\(name)' is left out: suspend or delete the CronWorkflow instead.")
        }
        body["workflowMetadata"] = [
            "labels": ["martlet.dev/trigger": .string(ArgoNames.object(trigger.name))]
        ]
        body["workflowSpec"] = .object(try merged(workflow, trigger, place: place))
        return body
    }

    /// Argo's reader of cron lines knows neither `L`, `W` and `#` nor the seventh day.
    private func requireKnown(_ line: String, place: String) throws(MartletError) {
        guard !line.hasPrefix("@") else { return }
        let fields = line.split(separator: " ")
        let days = fields.count == 5 ? "\(fields[2]) \(fields[4])" : line
        let words = days.uppercased().split { !$0.isLetter && !$0.isNumber && $0 != "#" }
        for word in words where word.contains("#") || word.contains("W") && word != "WED" || word.hasSuffix("L") {
            throw notes.refusal(place, "the cron line '\(line)' has '\(word)', which Argo does not know")
        }
        if fields.last?.contains("7") == true {
            throw notes.refusal(place, "the cron line '\(line)' calls Sunday 7, which Argo calls 0")
        }
    }

    private var policy: String {
        guard spec.concurrency.limit == 1 else { return "Allow" }
        switch spec.concurrency.overlap {
        case .queue: return "Allow"
        case .skip: return "Forbid"
        case .cancelRunning: return "Replace"
        }
    }

    /// How late a missed time may still start.
    private func deadline(_ times: TriggerTimes, place: String) -> Int {
        switch times.catchUp {
        case .none: return 0
        case .last:
            notes.warn("'\(place).catch_up': Argo makes up for the last time only if it was missed within a day.")
        case .all:
            notes.warn(
                "'\(place).catch_up': Argo makes up for the last time only, and if it was missed within a day; use "
                    + "`martlet schedule backfill` for the others."
            )
        }
        return 24 * 3600
    }

    /// The workflow with the trigger's values for parameters.
    private func merged(
        _ workflow: JSONObject,
        _ trigger: PipelineTrigger,
        place: String
    ) throws(MartletError) -> JSONObject {
        var workflow = workflow
        if let priority = trigger.priority { workflow["priority"] = .int(priority) }
        guard trigger.parameters.count > 0 else { return workflow }
        let declared = ArgoParameters.declared(spec, given: nil).map { value -> JSONValue in
            guard var parameter = value.objectValue, let name = parameter["name"]?.stringValue,
                let given = trigger.parameters[name]
            else { return value }
            parameter["value"] = .string(ArgoParameters.text(given))
            return .object(parameter)
        }
        for (name, value) in trigger.parameters.pairs where value.description.contains("${") {
            throw notes.refusal(
                "\(place).parameters.\(name)",
                "a CronWorkflow's parameters are fixed; use ${run.time} or ${run.date} in the task instead"
            )
        }
        workflow["arguments"] = ["parameters": .array(declared)]
        return workflow
    }

    /// An interval that cron can say: one that divides an hour or a day, from midnight of universal time.
    static func cron(_ interval: IntervalSchedule, place: String, notes: ArgoNotes) throws(MartletError) -> String {
        let seconds = Int(interval.every.inSeconds)
        let anchor = Int(interval.anchor.milliseconds / 1000)
        if Double(seconds) == interval.every.inSeconds, seconds % 60 == 0, anchor % 60 == 0 {
            let minutes = seconds / 60
            let start = anchor / 60
            if minutes < 60, 60 % minutes == 0 {
                return start % minutes == 0 ? "*/\(minutes) * * * *" : "\(start % minutes)-59/\(minutes) * * * *"
            }
            if minutes % 60 == 0, minutes / 60 < 24, 24 % (minutes / 60) == 0 {
                let hours = minutes / 60
                let first = start / 60 % hours
                return first == 0 ? "\(start % 60) */\(hours) * * *" : "\(start % 60) \(first)-23/\(hours) * * *"
            }
            if minutes == 24 * 60 { return "\(start % 60) \(start / 60 % 24) * * *" }
        }
        throw notes.refusal(
            place,
            "an interval of \(interval.every) is no time of cron; one that divides an hour or a day is"
        )
    }
}
