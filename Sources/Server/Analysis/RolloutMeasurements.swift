package import Core
package import Rollouts

/// Everything that is measured for one rollout: a value that knows what is wanted and what is due.
package struct RolloutMeasurements: Sendable, Equatable {
    /// What was asked last.
    package private(set) var question: RolloutQuestion
    /// The series by name.
    package private(set) var series: [String: MeasurementSeries]

    /// The measurements of a rollout that is asked about for the first time, with what was stored of it.
    package init(_ question: RolloutQuestion, stored: [String: MeasurementSeries] = [:]) {
        self.question = question
        series = stored
        ask(question)
    }

    /// Takes a question: series that it no longer wants are left out, new ones begin.
    package mutating func ask(_ question: RolloutQuestion) {
        self.question = question
        let wanted = MeasurementKind.wanted(question.checks)
        // What a series remembers outlives a stage that does not want it.
        for (name, kind) in wanted {
            if series[name] == nil {
                series[name] = MeasurementSeries(kind, stage: question.step, stageStartedAt: question.stepStartedAt)
            }
            series[name]?.enter(kind, stage: question.step, stageStartedAt: question.stepStartedAt)
        }
    }

    /// The names that the last question wants.
    private var wanted: [String] { MeasurementKind.wanted(question.checks).keys.sorted() }

    /// Begins what is due.
    ///
    /// - Returns: the names.
    package mutating func begin(now: Timestamp, atMost limit: Int) -> [String] {
        var begun: [String] = []
        for name in wanted where begun.count < limit {
            if series[name]?.begin(now: now) == true { begun.append(name) }
        }
        return begun
    }

    /// Counts a measurement that was begun.
    package mutating func finish(_ name: String, _ measurement: ExternalMeasurement, memory: JSONObject, now: Timestamp)
    {
        series[name]?.finish(measurement, memory: memory, now: now)
    }

    /// Gives up a measurement that was begun.
    package mutating func abandon(_ name: String) { series[name]?.abandon() }

    /// What is known now of what the last question wants.
    package var known: [String: ExternalMeasurement] {
        var known: [String: ExternalMeasurement] = [:]
        for name in wanted { known[name] = series[name]?.told }
        return known
    }

    /// Whether nobody has asked for so long that the rollout is over.
    package func isForgotten(now: Timestamp) -> Bool {
        now > question.now + .seconds(AnalysisLimits.forgottenSeconds)
    }
}
