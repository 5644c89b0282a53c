import Core
import Schedules
import Testing

/// Which minutes cron lines name, and which texts are none.
struct CronExpressionTests {
    @Test(arguments: [
        ("* * * * *", "2026-11-22T10:00", "2026-11-22T10:01"),
        ("*/15 * * * *", "2026-11-22T10:07", "2026-11-22T10:15"),
        ("*/15 * * * *", "2026-11-22T10:45", "2026-11-22T11:00"),
        ("0 3 * * *", "2026-11-22T03:00", "2026-11-23T03:00"),
        ("30 2 1 * *", "2026-11-22T03:00", "2026-12-01T02:30"),
        ("0 0 29 2 *", "2026-11-22T03:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2097-01-01T00:00", "2104-02-29T00:00"),
        ("0 9 * * 1-5", "2026-11-20T09:00", "2026-11-23T09:00"),
        ("0 9 * * 7", "2026-11-20T09:00", "2026-11-22T09:00"),
        ("0 0 13 * 5", "2026-11-08T00:00", "2026-11-13T00:00"),
        ("5,50-59/3 23 31 12 *", "2026-12-31T23:05", "2026-12-31T23:50"),
        ("10/20 * * * *", "2026-11-22T10:31", "2026-11-22T10:50"),
        ("0 12 * jan,Jul *", "2026-02-01T00:00", "2026-07-01T12:00"),
        ("0 12 ? * FRI-SUN", "2026-11-22T12:00", "2026-11-27T12:00"),
        ("0 0 L * *", "2028-02-10T00:00", "2028-02-29T00:00"),
        ("0 0 L-2 * *", "2026-02-01T00:00", "2026-02-26T00:00"),
        ("0 0 15W 8 *", "2026-01-01T00:00", "2026-08-14T00:00"),
        ("0 0 1W 8 *", "2026-01-01T00:00", "2026-08-03T00:00"),
        ("0 0 31W 5 *", "2026-01-01T00:00", "2026-05-29T00:00"),
        ("0 0 LW 2 *", "2026-01-01T00:00", "2026-02-27T00:00"),
        ("0 0 * * 5L", "2026-11-01T00:00", "2026-11-27T00:00"),
        ("0 0 * * MON#1", "2026-11-02T00:00", "2026-12-07T00:00"),
        ("0 0 * * 1#5", "2026-11-01T00:00", "2026-11-30T00:00"),
        ("@hourly", "2026-11-01T00:00", "2026-11-01T01:00"),
        ("@daily", "2026-11-01T00:00", "2026-11-02T00:00"),
        ("@weekly", "2026-11-01T00:00", "2026-11-08T00:00"),
        ("@monthly", "2026-11-01T00:00", "2026-12-01T00:00"),
        ("@Yearly", "2026-11-01T00:00", "2027-01-01T00:00"),
    ])
    func namesTheNextMinute(line: String, now: String, expected: String) throws {
        #expect(try next(line, after: now, count: 1) == [expected])
        // Backwards from just after it is the same minute.
        let cron = try CronSchedule(line)
        let time = try moment(expected)
        #expect(cron.previous(before: time + .milliseconds(1)) == time)
        #expect(try #require(cron.previous(before: time), "before \(expected)") <= moment(now))
    }

    @Test func eitherDayWillDo() throws {
        #expect(
            try next("0 0 13 * 5", after: "2026-02-10T00:00") == [
                "2026-02-13T00:00", "2026-02-20T00:00", "2026-02-27T00:00",
            ]
        )
        // A star in one of them leaves the other to decide, also with a step, as in Vixie's cron.
        #expect(
            try next("0 0 */10 * 1", after: "2026-01-01T00:00", count: 2) == ["2026-05-11T00:00", "2026-06-01T00:00"]
        )
    }

    @Test(arguments: [
        ("", "has 0 fields"), ("* * * *", "has 4 fields"), ("* * * * * *", "has 6 fields"),
        ("60 * * * *", "The minute '60'"), ("* 24 * * *", "The hour '24'"), ("* * 0 * *", "The day of the month '0'"),
        ("* * 32 * *", "The day of the month '32'"), ("* * * 13 *", "The month '13'"),
        ("* * * * 8", "The day of the week '8'"), ("a * * * *", "The minute 'a'"),
        ("5-1 * * * *", "ends before it begins"),
        ("*/0 * * * *", "has a step"), ("*/99999 * * * *", "has a step"), ("1,,2 * * * *", "The minute ''"),
        ("-1 * * * *", "The minute '-1'"), ("+1 * * * *", "The minute '+1'"), ("1/2/3 * * * *", "The minute '1/2/3'"),
        ("1-2-3 * * * *", "The minute '1-2-3'"), ("0 0 31 2 *", "never comes"), ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"), ("0 0 * * 1#6", "The day of the week '1#6'"),
        ("0 0 L-31 * *", "The day of the month 'L-31'"), ("0 0 32W * *", "The day of the month '32W'"),
        ("0 0 W * *", "The day of the month 'W'"), ("? * * * *", "The minute '?'"), ("@reboot", "names no times"),
        ("@", "names no times"), ("0 0 * FOO *", "JAN to DEC"), ("0 0 * * MON-FOO", "SUN to SAT"),
        ("٣ * * * *", "The minute"),
    ])
    func refusesWhatIsNone(line: String, reason: String) throws {
        let error = #expect(throws: MartletError.self) { try CronExpression(line) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func linesHaveALimit() throws {
        let many = [String](repeating: "1", count: (SchedulesLimits.cronBytes - 8) / 2).joined(separator: ",")
        let line = many + " * * * *"
        #expect(line.utf8.count <= SchedulesLimits.cronBytes)
        #expect(try CronExpression(line).text == line)
        #expect(throws: MartletError.self) { try CronExpression(many + ",1,1,1,1,1 * * * *") }
    }

    @Test func blanksDoNotMatter() throws {
        #expect(try CronExpression("  0   3 *\t* * ").text == "0 3 * * *")
        #expect(try CronExpression("  0   3 *\t* * ") == CronExpression("0 3 * * *"))
    }

    /// Lines of random letters are refused or read, and those that are read have times.
    @Test func randomLinesEndInTimesOrErrors() throws {
        var random = SeededGenerator(seed: 8)
        let letters = Array("0123456789*/-,LW#? @MONJAN")
        var read = 0
        for _ in 0..<4000 {
            let line = (0..<5).map { _ in
                random.index(below: 2) == 0
                    ? "*"
                    : String(
                        (0..<(1 + random.index(below: 4))).map { _ in letters[random.index(below: letters.count)] }
                    )
            }.joined(separator: " ")
            guard let cron = try? CronSchedule(line) else { continue }
            read += 1
            let start = try moment("2026-06-15T12:00")
            let next = try #require(cron.next(after: start), "\(line)")
            #expect(next > start && cron.previous(before: next + .milliseconds(1)) == next, "\(line)")
        }
        #expect(read > 100)
    }
}
