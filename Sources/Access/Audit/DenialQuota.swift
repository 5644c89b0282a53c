import Core

/// Which refusals of a minute get a record each, and how many did not.
///
/// A value without a clock: whoever floods a server with refused requests must not be able to fill its disk.
struct DenialQuota: Sendable {
    private let minute: Int64
    private var admitted = 0
    private var admittedByCaller: [String: Int] = [:]
    private var counted = 0
    private var countedByCaller: [String: Int] = [:]

    /// Whether a refusal gets a record of its own; otherwise it is counted.
    mutating func admit(_ caller: String) -> Bool {
        let ofCaller = admittedByCaller[caller, default: 0]
        guard admitted < AuditLimits.denialsPerMinute, ofCaller < AuditLimits.denialsPerMinuteAndCaller else {
            count(caller)
            return false
        }
        admitted += 1
        admittedByCaller[caller] = ofCaller + 1
        return true
    }

    /// Counts a refusal that gets no record.
    mutating func count(_ caller: String) {
        counted += 1
        let isNamed = countedByCaller[caller] != nil || countedByCaller.count < AuditLimits.summarizedCallers
        countedByCaller[isNamed ? caller : "others", default: 0] += 1
    }

    /// Begins a new minute when it is time, and tells of the refusals of the last that got no record.
    ///
    /// With `isLast` the count is wanted although the minute is not over.
    mutating func turn(now: Timestamp, log: String, isLast: Bool = false) -> AuditEntry? {
        guard Self.minute(now) != minute || isLast else { return nil }
        defer { self = DenialQuota(now) }
        guard counted > 0 else { return nil }
        let callers = countedByCaller.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        return AuditEntry(
            time: now,
            actor: "system:audit",
            workspace: log,
            action: "count of refusals",
            after: [
                "refused": .int(counted),
                "callers": .object(JSONObject(callers.map { ($0.key, .int($0.value)) })),
            ],
            outcome: .denied,
            reason: "More requests were refused within a minute than get a record each."
        )
    }

    /// Nothing refused yet in the present minute.
    init(_ now: Timestamp) {
        minute = Self.minute(now)
    }

    private static func minute(_ time: Timestamp) -> Int64 {
        time.milliseconds / 60_000
    }
}
