import Core

/// The two ways in which S3 writes a time.
enum S3Time {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `2009-10-12T17:50:30.000Z` (listings) or `Mon, 12 Oct 2009 17:50:30 GMT` (headers); nil for other text.
    static func parse(_ text: String) -> Timestamp? {
        let words = text.split { !$0.isASCII || !($0.isNumber || $0.isLetter) }.map(String.init)
        if text.first?.isNumber == true {
            // The T between date and time joins the day and the hour into one word.
            let numbers = text.split { !$0.isNumber }.compactMap { Int64($0) }
            guard numbers.count >= 6 else { return nil }
            let milliseconds = numbers.count > 6 ? Swift.min(numbers[6], 999) : 0
            return time(numbers[0], numbers[1], numbers[2], Array(numbers[3...5])).map {
                Timestamp(milliseconds: $0.milliseconds + milliseconds)
            }
        }
        guard words.count >= 7, let month = months.firstIndex(of: words[2]), let day = Int64(words[1]),
            let year = Int64(words[3])
        else { return nil }
        let clock = words[4...6].compactMap { Int64($0) }
        return time(year, Int64(month + 1), day, clock)
    }

    private static func time(_ year: Int64, _ month: Int64, _ day: Int64, _ clock: [Int64]) -> Timestamp? {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), clock.count == 3,
            clock.allSatisfy({ (0...60).contains($0) })
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Timestamp(milliseconds: (((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]) * 1000)
    }
}
