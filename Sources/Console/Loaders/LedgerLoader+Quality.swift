import Core
import Ledger
import Serving

extension LedgerLoader {
    /// How far back the page of hours looks.
    static let period = Duration.seconds(7 * 86_400)

    /// How good each version was, hour by hour.
    func quality(_ deployment: String) async throws -> HourlyQualityPage {
        guard let store = sources.predictions else {
            throw MartletError(.unavailable, "The ledger cannot be searched on this server.")
        }
        let now = sources.clock.now
        try await sources.ledger.flush()
        let all = try await store.hours(deployment, since: now - Self.period)
        let schemas = try await store.schemas(deployment)
        // A model without classes answers with numbers: its labels are compared by their distance.
        let isRegression = !schemas.isEmpty && schemas.values.allSatisfy { $0.classes == [] }
        let measure = isRegression ? "Mean absolute error" : "Accuracy"
        let served = Self.joined(all.filter { $0.arm != .shadow })
        let curves = Dictionary(grouping: served, by: \.version).sorted { $0.key < $1.key }.map { version, hours in
            LineChart.Curve(
                "version \(version)",
                hours.sorted { $0.hour < $1.hour }.compactMap { hour in
                    let value = isRegression ? hour.meanAbsoluteError : hour.accuracy
                    return value.map { (Double(hour.hour.milliseconds), $0) }
                },
                color: DeploymentLoader.color(of: version)
            )
        }
        return HourlyQualityPage(
            deployment: deployment,
            measure: measure,
            chart: LineChart(
                label: "\(measure) by version",
                curves: curves,
                axis: .time(now: now),
                format: isRegression ? .value : .percent,
                height: .tall
            ),
            versions: Self.totals(all).map { Self.row($0, isRegression) },
            hours: served.sorted { ($0.hour, $0.version) > ($1.hour, $1.version) }.prefix(ConsoleLimits.listRows).map {
                Self.row($0, isRegression, hour: String(TimeText.exact($0.hour).prefix(16)))
            },
            note: "the last 7 days"
        )
    }

    /// The arms of a version in an hour together.
    private static func joined(_ hours: [LedgerHour]) -> [LedgerHour] {
        struct Key: Hashable {
            let version: Int
            let hour: Timestamp
        }
        var sums: [Key: LedgerHour] = [:]
        for hour in hours {
            let key = Key(version: hour.version, hour: hour.hour)
            sums[key] = sums[key].map { sum($0, hour) } ?? hour
        }
        return Array(sums.values)
    }

    /// Each version over the whole time, what was mirrored to it apart.
    private static func totals(_ hours: [LedgerHour]) -> [LedgerHour] {
        struct Key: Hashable {
            let version: Int
            let isMirror: Bool
        }
        var sums: [Key: LedgerHour] = [:]
        for hour in hours {
            let key = Key(version: hour.version, isMirror: hour.arm == .shadow)
            sums[key] = sums[key].map { sum($0, hour) } ?? hour
        }
        return sums.sorted { ($0.key.version, $1.key.isMirror ? 1 : 0) > ($1.key.version, $0.key.isMirror ? 1 : 0) }
            .map(\.value)
    }

    private static func sum(_ first: LedgerHour, _ second: LedgerHour) -> LedgerHour {
        var sum = first
        sum.add(second)
        return sum
    }

    private static func row(_ hour: LedgerHour, _ isRegression: Bool, hour text: String? = nil) -> HourlyQualityPage.Row
    {
        let value = isRegression ? hour.meanAbsoluteError : hour.accuracy
        let isMirror = hour.arm == .shadow
        return HourlyQualityPage.Row(
            name: "version \(hour.version)" + (isMirror ? ", mirrored" : ""),
            hour: text,
            predictions: hour.predictions,
            labelled: hour.labelled,
            quality: value.map { isRegression ? NumberText.value($0) : NumberText.percent($0) } ?? "",
            latency: hour.predictions > 0 ? Double(hour.microseconds) / Double(hour.predictions) / 1e6 : nil
        )
    }
}
