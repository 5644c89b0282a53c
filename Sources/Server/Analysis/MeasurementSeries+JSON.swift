package import Core
import Rollouts

extension MeasurementSeries {
    /// The measurements as they are stored; what is wanted comes from the rollout's specification.
    package var json: JSONValue {
        var object: JSONObject = [
            "stage": .int(stage), "stage_started_at": .integer(stageStartedAt.milliseconds),
            "passed": .int(tally.passed), "failed": .int(tally.failed), "inconclusive": .int(tally.inconclusive),
            "errors_in_a_row": .int(tally.errorsInARow), "memory": .object(memory),
        ]
        if let latest {
            object["latest"] = [
                "taken_at": .integer(latest.takenAt.milliseconds), "value": .optional(latest.value),
                "outcome": .optional(latest.outcome?.rawValue), "is_error": .bool(latest.isError),
                "samples": latest.samples.map { .int($0) } ?? .null, "message": .string(latest.message),
            ]
        }
        return .object(object)
    }

    /// Reads what `json` wrote.
    package init(_ kind: MeasurementKind, json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "measurements")
        let counts = 0...Int64(Int32.max)
        var tally = MeasurementTally()
        tally.passed = Int(try fields.int("passed", in: counts))
        tally.failed = Int(try fields.int("failed", in: counts))
        tally.inconclusive = Int(try fields.int("inconclusive", in: counts))
        tally.errorsInARow = Int(try fields.int("errors_in_a_row", in: counts))
        var latest: ExternalMeasurement?
        if let last = try fields.optionalFields("latest") {
            var measurement = ExternalMeasurement(
                takenAt: Timestamp(milliseconds: try last.int("taken_at")),
                value: try last.optionalDouble("value"),
                outcome: try last.optionalString("outcome").flatMap(CheckResult.Outcome.init(rawValue:)),
                isError: try last.optionalBool("is_error") ?? false,
                samples: try last.optionalInt("samples").map { Int($0) },
                message: try last.optionalString("message") ?? ""
            )
            tally.lastAt = measurement.takenAt
            tally.lastValue = measurement.value
            tally.lastMessage = measurement.message
            if kind.external != nil { measurement.tally = tally }
            latest = measurement
        }
        self.init(
            kind,
            stage: Int(try fields.int("stage")),
            stageStartedAt: Timestamp(milliseconds: try fields.int("stage_started_at")),
            latest: latest,
            tally: tally,
            memory: try fields.optionalObject("memory") ?? [:]
        )
    }
}
