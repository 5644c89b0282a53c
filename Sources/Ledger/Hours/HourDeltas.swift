import Core

/// What a transaction adds to hourly sums, and what it takes away.
struct HourDeltas {
    /// Which sum.
    struct Key: Hashable {
        let deployment: String
        let hour: Int64
        let version: Int
        let arm: LedgerArm
    }

    private(set) var hours: [Key: LedgerHour] = [:]

    /// Start of the hour of a moment, also before 1970.
    static func start(of moment: Timestamp) -> Timestamp {
        let (quotient, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: 3_600_000)
        return Timestamp(milliseconds: (rest < 0 ? quotient - 1 : quotient) * 3_600_000)
    }

    /// Counts a row that was served and kept.
    mutating func add(row record: LedgerRecord) {
        change(record) { hour in
            hour.predictions += 1
            hour.kept += 1
            hour.microseconds &+= record.microseconds
            if record.drift { hour.drifted += 1 }
        }
    }

    /// Counts the label that a row has, or with -1 takes it away.
    mutating func add(label record: LedgerRecord, times sign: Int64) {
        guard record.label != nil else { return }
        change(record) { hour in
            hour.labelled += sign
            if record.isCorrect == true { hour.correct += sign }
            guard let error = record.error else { return }
            hour.measured += sign
            hour.absoluteError.add(abs(error), times: Int128(sign))
            hour.squaredError.add(error * error, times: Int128(sign))
        }
    }

    /// Adds what was counted elsewhere.
    mutating func add(_ counted: LedgerHour) {
        let key = Key(
            deployment: counted.deployment,
            hour: counted.hour.milliseconds,
            version: counted.version,
            arm: counted.arm
        )
        if hours[key] == nil { hours[key] = counted } else { hours[key]?.add(counted) }
    }

    private mutating func change(_ record: LedgerRecord, _ body: (inout LedgerHour) -> Void) {
        let start = Self.start(of: record.createdAt)
        let key = Key(
            deployment: record.deployment,
            hour: start.milliseconds,
            version: record.version,
            arm: record.arm
        )
        body(
            &hours[
                key,
                default: LedgerHour(
                    deployment: record.deployment,
                    version: record.version,
                    hour: start,
                    arm: record.arm
                )
            ]
        )
    }
}

extension LedgerHour {
    /// Counts rows that were served and are not kept.
    package mutating func count(rows: Int, microseconds time: Int64, drift: Bool) {
        predictions += Int64(rows)
        microseconds &+= time &* Int64(rows)
        if drift { drifted += Int64(rows) }
    }

    /// Adds the counts of another part of the same hour.
    package mutating func add(_ other: LedgerHour) {
        predictions += other.predictions
        kept += other.kept
        labelled += other.labelled
        correct += other.correct
        measured += other.measured
        absoluteError.add(other.absoluteError)
        squaredError.add(other.squaredError)
        microseconds &+= other.microseconds
        drifted += other.drifted
    }
}
