import Core
import Rollouts
import Server
import Testing

/// When a measurement is due, what is counted, and what a stage, a clock or a restart does to it.
@Suite("Analysis: series of measurements")
struct MeasurementSeriesTests {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)

    static func check(
        interval: Duration = .seconds(10),
        delay: Duration = .zero,
        count: Int = 2,
        failures: Int = 0,
        inconclusive: Int = 0,
        errors: Int = 1
    ) -> PrometheusCheck {
        PrometheusCheck(
            server: "http://prometheus:9090",
            query: "errors",
            external: ExternalCheck(
                name: "errors",
                interval: interval,
                initialDelay: delay,
                count: count,
                failureLimit: failures,
                inconclusiveLimit: inconclusive,
                errorLimit: errors,
                condition: MeasurementCondition(maximum: 0.05)
            )
        )
    }

    private static func series(_ check: PrometheusCheck = check()) -> MeasurementSeries {
        MeasurementSeries(.prometheus(check), stage: 1, stageStartedAt: start)
    }

    private static func measured(_ value: Double?, isError: Bool = false) -> ExternalMeasurement {
        ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), value: value, isError: isError)
    }

    private static func at(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }

    /// Begins a measurement and expects that one is due, or not.
    private static func begin(_ series: inout MeasurementSeries, at now: Timestamp, _ expected: Bool) {
        let isBegun = series.begin(now: now)
        #expect(isBegun == expected)
    }

    /// Takes one measurement after another, twenty seconds apart.
    private static func after(_ values: [Double?], check: PrometheusCheck = check()) -> MeasurementSeries {
        var series = series(check)
        for (index, value) in values.enumerated() {
            guard series.begin(now: at(Int64(index) * 20)) else { continue }
            series.finish(
                measured(value, isError: value?.isInfinite == true),
                memory: [:],
                now: at(Int64(index) * 20 + 1)
            )
        }
        return series
    }

    @Test("The first is due after the delay, the next after the interval, and never two at once")
    func due() {
        var series = Self.series(Self.check(delay: .seconds(5)))
        Self.begin(&series, at: Self.at(4), false)
        Self.begin(&series, at: Self.at(5), true)
        Self.begin(&series, at: Self.at(60), false)
        series.finish(Self.measured(0.01), memory: [:], now: Self.at(61))
        Self.begin(&series, at: Self.at(70), false)
        Self.begin(&series, at: Self.at(71), true)
    }

    @Test("A clock that is set back puts nothing off")
    func clock() {
        var series = Self.series()
        Self.begin(&series, at: Self.at(-3600), true)
        series.finish(Self.measured(0.01), memory: [:], now: Self.at(0))
        Self.begin(&series, at: Self.at(-7200), true)
    }

    @Test("Two measurements in one millisecond are two")
    func sameMoment() {
        var series = Self.series(Self.check(interval: .zero))
        for _ in 0..<2 {
            Self.begin(&series, at: Self.start, true)
            series.finish(Self.measured(0.01), memory: [:], now: Self.start)
        }
        #expect(series.tally.passed == 2)
    }

    /// Infinite stands for an error in these sequences; nil is no data.
    @Test(
        "The counts of every sequence of three measurements follow the limits",
        arguments: [0.01, 0.9, nil, Double.infinity] as [Double?]
    )
    func counts(first: Double?) {
        let outcomes: [Double?] = [0.01, 0.9, nil, .infinity]
        for second in outcomes {
            for third in outcomes {
                let values = [first, second, third]
                let series = Self.after(values)
                var (passed, failed, inconclusive, errors) = (0, 0, 0, 0)
                for value in values {
                    // What ends the stage is not followed by another measurement.
                    if failed > 0 || inconclusive > 0 || errors > 1 { break }
                    switch value {
                    case .some(0.01): (passed, errors) = (passed + 1, 0)
                    case .some(0.9): (failed, errors) = (failed + 1, 0)
                    case nil: (inconclusive, errors) = (inconclusive + 1, 0)
                    default: errors += 1
                    }
                }
                #expect(series.tally.passed == passed, "\(values)")
                #expect(series.tally.failed == failed, "\(values)")
                #expect(series.tally.inconclusive == inconclusive, "\(values)")
                #expect(series.tally.errorsInARow == errors, "\(values)")
                #expect(series.isSettled == (failed > 0 || inconclusive > 0 || errors > 1), "\(values)")
                #expect(series.told?.tally == series.tally, "\(values)")
            }
        }
    }

    @Test("No data and errors never pass, however many come")
    func neverPass() {
        let lenient = Self.check(count: 1, inconclusive: 1000, errors: 1000)
        let series = Self.after(
            Array(repeating: nil, count: 50) + Array(repeating: .infinity, count: 50),
            check: lenient
        )
        #expect(series.tally.passed == 0)
        #expect(series.tally.verdict(lenient.external).outcome == .undecided)
    }

    @Test("Another stage and a resumed one count anew, and what was begun before does not count")
    func stages() {
        var series = Self.after([0.01])
        #expect(series.tally.passed == 1)
        Self.begin(&series, at: Self.at(20), true)
        series.enter(.prometheus(Self.check()), stage: 2, stageStartedAt: Self.at(21))
        series.finish(Self.measured(0.9), memory: ["kept": 1], now: Self.at(22))
        #expect(series.tally == MeasurementTally())
        #expect(series.told == nil)
        #expect(series.memory == ["kept": 1])
        Self.begin(&series, at: Self.at(22), true)
        series.finish(Self.measured(0.01), memory: [:], now: Self.at(23))
        series.enter(.prometheus(Self.check()), stage: 2, stageStartedAt: Self.at(21))
        #expect(series.tally.passed == 1)
        series.enter(.prometheus(Self.check()), stage: 2, stageStartedAt: Self.at(40))
        #expect(series.tally.passed == 0)
    }

    @Test("What was counted survives a restart to the last figure")
    func stored() throws {
        for values in [[0.01, .infinity], [0.01, 0.01], [0.9], [nil], []] as [[Double?]] {
            let series = Self.after(values)
            let read = try MeasurementSeries(series.kind, json: JSONValue.parse(series.json.description))
            #expect(read.tally.passed == series.tally.passed)
            #expect(read.tally.errorsInARow == series.tally.errorsInARow)
            #expect(read.isSettled == series.isSettled)
            #expect(read.told?.tally == series.told?.tally, "\(values)")
            #expect(read.told?.takenAt == series.told?.takenAt)
        }
    }

    @Test("A replay that has decided is not begun again; one that has not is looked at again")
    func replay() {
        var series = MeasurementSeries(.replay(ReplayGate()), stage: 0, stageStartedAt: Self.start)
        var undecided = Self.measured(nil)
        undecided.outcome = .undecided
        Self.begin(&series, at: Self.at(1), true)
        series.finish(undecided, memory: [:], now: Self.at(1))
        Self.begin(&series, at: Self.at(2), true)
        var passed = undecided
        passed.outcome = .pass
        series.finish(passed, memory: [:], now: Self.at(2))
        Self.begin(&series, at: Self.at(3600), false)
        #expect(series.told?.outcome == .pass)
    }
}

/// The paces and sizes that no manifest sets.
@Suite("Analysis: limits")
struct AnalysisLimitsTests {
    @Test("The ledger and replays are looked at at a pace of their own")
    func paces() {
        let start = MeasurementSeriesTests.start
        let paces: [(MeasurementKind, Int64)] = [
            (.drift, AnalysisLimits.ledgerMilliseconds), (.replay(ReplayGate()), AnalysisLimits.replayMilliseconds),
        ]
        for (kind, pace) in paces {
            var series = MeasurementSeries(kind, stage: 1, stageStartedAt: start)
            let isFirst = series.begin(now: start)
            series.finish(ExternalMeasurement(takenAt: start, outcome: .undecided), memory: [:], now: start)
            let isEarly = series.begin(now: start + .milliseconds(pace - 1))
            let isDue = series.begin(now: start + .milliseconds(pace))
            #expect(isFirst && !isEarly && isDue, "\(kind)")
        }
    }

    @Test("Sizes fit each other")
    func sizes() {
        #expect(AnalysisLimits.driftRows <= AnalysisLimits.ledgerRows)
        #expect(AnalysisLimits.fewestLabelledRows < AnalysisLimits.labelledRows)
        #expect(AnalysisLimits.estimators > 0)
    }
}

/// Everything that is measured for one rollout.
@Suite("Analysis: measurements of a rollout")
struct RolloutMeasurementsTests {
    static func question(
        _ checks: RolloutChecks,
        step: Int = 1,
        stepStartedAt: Timestamp = MeasurementSeriesTests.start,
        now: Timestamp = MeasurementSeriesTests.start
    ) -> RolloutQuestion {
        RolloutQuestion(
            deployment: "cancer",
            rollout: "r1",
            stable: 3,
            candidate: 4,
            step: step,
            isWatching: false,
            startedAt: MeasurementSeriesTests.start,
            stepStartedAt: stepStartedAt,
            checks: checks,
            now: now
        )
    }

    @Test("Only what the checks want is begun, under its name, within the limit")
    func names() {
        var checks = RolloutChecks()
        checks.drift = DriftCheck(rollsBack: false)
        checks.replay = ReplayGate()
        checks.prometheus = [MeasurementSeriesTests.check()]
        var rollout = RolloutMeasurements(Self.question(checks))
        #expect(rollout.begin(now: MeasurementSeriesTests.start, atMost: 2) == ["drift", "prometheus/errors"])
        #expect(rollout.begin(now: MeasurementSeriesTests.start, atMost: 2) == ["replay"])
        #expect(rollout.begin(now: MeasurementSeriesTests.start, atMost: 0) == [])
        #expect(rollout.known.isEmpty)
        rollout.finish(
            "drift",
            ExternalMeasurement(takenAt: MeasurementSeriesTests.start, outcome: .pass),
            memory: [:],
            now: MeasurementSeriesTests.start
        )
        #expect(rollout.known.keys.sorted() == ["drift"])
        rollout.ask(Self.question(RolloutChecks(), step: 2))
        #expect(rollout.known.isEmpty)
    }

    @Test("A rollout that nobody asks about is forgotten after a while")
    func forgotten() {
        let rollout = RolloutMeasurements(Self.question(RolloutChecks()))
        let limit = Duration.seconds(AnalysisLimits.forgottenSeconds)
        #expect(!rollout.isForgotten(now: MeasurementSeriesTests.start + limit))
        #expect(rollout.isForgotten(now: MeasurementSeriesTests.start + limit + .milliseconds(1)))
    }
}
