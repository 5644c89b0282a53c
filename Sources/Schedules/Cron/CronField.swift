import Core

/// One of the five fields of a cron line: which numbers it may hold and what they are called.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    /// Names that stand for numbers, from the first number on.
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day of the month", range: 1...31)
    static let month = CronField(
        name: "month",
        range: 1...12,
        names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    )
    /// 7 is Sunday, as 0 is.
    static let weekday = CronField(
        name: "day of the week",
        range: 0...7,
        names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    )

    /// The numbers that a whole field names, as bits.
    func bits(_ text: Substring) throws(MartletError) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { bits |= try self.part(part) }
        return bits
    }

    /// The numbers of one part of a list: `*`, `a`, `a-b`, each perhaps with `/n`.
    func part(_ part: Substring) throws(MartletError) -> UInt64 {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
        guard let head = pieces.first, pieces.count <= 2 else { throw invalid(part) }
        var step = 1
        if pieces.count == 2 {
            guard let value = Self.number(pieces[1]), value >= 1, value <= range.upperBound else {
                throw MartletError(
                    .invalidArgument,
                    "The \(name) '\(part.prefix(40))' of the cron line has a step that is not 1 to \(range.upperBound)."
                )
            }
            step = value
        }
        let bounds: ClosedRange<Int>
        // A question mark says that the other of the two days decides.
        if head == "*" || (head == "?" && pieces.count == 1 && name.hasPrefix("day")) {
            bounds = range
        } else {
            let ends = head.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let low = value(ends[0]), var high = value(ends[ends.count - 1]) else {
                throw invalid(part)
            }
            // Friday to Sunday: the week ends with the Sunday that is 7.
            if range.upperBound == 7, ends.count == 2, high == 0, low > 0 { high = 7 }
            guard low <= high else {
                throw MartletError(
                    .invalidArgument,
                    "The \(name) '\(part.prefix(40))' of the cron line ends before it begins; write two ranges."
                )
            }
            bounds = pieces.count == 2 && ends.count == 1 ? low...range.upperBound : low...high
        }
        var bits: UInt64 = 0
        for number in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) { bits |= 1 << number }
        return bits
    }

    /// A number of the field, by figures or by name.
    func value(_ text: Substring) -> Int? {
        if let place = names.firstIndex(of: text.uppercased()) { return range.upperBound == 7 ? place : place + 1 }
        guard let number = Self.number(text), range.contains(number) else { return nil }
        return number
    }

    /// A number of figures alone: no sign, as `Int` would take it.
    static func number(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    func invalid(_ part: Substring) -> MartletError {
        let named = names.isEmpty ? "" : ", or \(names[0]) to \(names[names.count - 1])"
        return MartletError(
            .invalidArgument,
            "The \(name) '\(part.prefix(40))' of the cron line is none: it takes *, a number from \(range.lowerBound) to "
                + "\(range.upperBound)\(named), a range a-b, a step */n or a-b/n, or a list of those."
        )
    }
}
