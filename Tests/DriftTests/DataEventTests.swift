import Core
import Drift
import Testing

/// What happens to the data itself.
struct DataEventTests {
    private func events(_ reference: Column.Values, _ current: Column.Values) throws -> [DataEvent] {
        try DataEvent.find(reference: Samples.column("x", reference), current: Samples.column("x", current))
    }

    private func normal(_ count: Int, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in generator.normal() }
    }

    @Test func missingValuesRise() throws {
        let past = normal(500, seed: 1)
        var present = normal(500, seed: 2)
        for row in 0..<40 { present[row] = .nan }
        let found = try events(.numbers(past), .numbers(present))
        #expect(found.map(\.kind) == [.missingRise] && found[0].severity == .drift)
        #expect(found[0].referenceShare == 0 && found[0].currentShare == 0.08)
        #expect(found[0].detail == "8 % of the values are missing; 0 % were.")
        #expect(try #require(found[0].pValue) < 1e-9)
        // As many were missing before, or a single one is: nothing that chance could not do.
        #expect(try events(.numbers(present), .numbers(present)).isEmpty)
        #expect(try events(.numbers(past), .numbers([.nan] + past.dropFirst())).isEmpty)
        let texts = (0..<200).map { $0 % 2 == 0 ? "a" : "b" }
        let holes = texts.enumerated().map { $0 < 30 ? nil : $1 }
        #expect(try events(.strings(texts), .strings(holes)).map(\.kind) == [.missingRise])
    }

    @Test func everythingIsMissing() throws {
        let gone = Column.Values.numbers(Array(repeating: .nan, count: 50))
        let found = try events(.numbers(normal(50, seed: 1)), gone)
        #expect(found.map(\.kind) == [.allMissing] && found[0].severity == .drift)
        #expect(try events(gone, gone).isEmpty)
        #expect(try events(.strings(["a", "b", "a", "b"]), gone).map(\.kind) == [.allMissing])
    }

    @Test func infinitiesAppear() throws {
        let past = normal(100, seed: 1)
        let found = try events(.numbers(past), .numbers([.infinity, -.infinity] + past.dropFirst(2)))
        #expect(found.map(\.kind) == [.infinities] && found[0].severity == .drift && found[0].currentShare == 0.02)
        let some = [Double.infinity] + past.dropFirst()
        #expect(try events(.numbers(some), .numbers(some)).isEmpty)
        let many = Array(repeating: Double.infinity, count: 20) + past.dropFirst(20)
        #expect(try events(.numbers(some), .numbers(many)).map(\.kind) == [.infinities])
    }

    @Test func categoriesAreUnseen() throws {
        let past = (0..<100).map { ["a", "b", "c"][$0 % 3] }
        let found = try events(.strings(past), .strings(["d", "e", "d"] + past))
        #expect(found.map(\.kind) == [.unseenCategory] && found[0].severity == .drift && found[0].pValue == nil)
        #expect(found[0].detail.contains("3 of 103 values are of 2 categories") && found[0].detail.contains("'d', 'e'"))
        let numbers = try events(.integers((0..<90).map { $0 % 3 }), .integers([7] + (0..<89).map { $0 % 3 }))
        #expect(numbers.map(\.kind) == [.unseenCategory])
    }

    @Test func openSetsOfCategoriesBringNewOnesByChance() throws {
        var generator = SeededGenerator(seed: 9)
        // 10,000 categories, most of them seen once or never: new ones are no news.
        func draw() -> [String?] { (0..<8_000).map { _ in "user-\(generator.index(below: 10_000))" } }
        let kinds = try ColumnKinds.infer(
            reference: Samples.column("x", .strings(draw())),
            overrides: ["x": .categorical]
        )
        let found = try DataEvent.find(
            reference: Samples.column("x", .strings(draw())),
            current: Samples.column("x", .strings(draw())),
            kinds: kinds
        )
        #expect(found.map(\.kind) == [.unseenCategory] && found[0].severity == .warning)
        let other = try Samples.column("x", .strings((0..<8_000).map { "robot-\($0 % 5_000)" }))
        let robots = try DataEvent.find(
            reference: Samples.column("x", .strings(draw())),
            current: other,
            kinds: kinds
        )
        #expect(robots.map(\.severity) == [.drift])
    }

    @Test func columnsBecomeConstant() throws {
        let past = normal(100, seed: 1)
        let found = try events(.numbers(past), .numbers(Array(repeating: past[0], count: 50)))
        #expect(found.map(\.kind) == [.constant] && found[0].severity == .drift)
        #expect(try events(.numbers(past), .numbers([past[0]])).isEmpty)
        // A column that mostly is one value may well be only that for a while.
        let rare = (0..<1_000).map { $0 == 0 ? 1.0 : 0 }
        #expect(try events(.numbers(rare), .numbers(Array(repeating: 0, count: 50))).isEmpty)
        let words = (0..<100).map { $0 % 2 == 0 ? "a" : "b" }
        #expect(try events(.strings(words), .strings(Array(repeating: "a", count: 40))).map(\.kind) == [.constant])
    }

    @Test func constantsBeginToVary() throws {
        let constant = Column.Values.numbers(Array(repeating: 3, count: 100))
        let found = try events(constant, .numbers(normal(100, seed: 1)))
        #expect(found.map(\.kind) == [.constant] && found[0].detail.contains("was constant at 3"))
        #expect(try events(constant, constant).isEmpty)
        #expect(try events(constant, .numbers(Array(repeating: 4, count: 100))).map(\.kind) == [.constant])
    }

    @Test func typesChange() throws {
        let numbers = (0..<100).map { Double($0) + 0.5 }
        let texts = (0..<100).map { $0 == 7 ? "<b>n/a</b>" : "\($0)" }
        let found = try events(.numbers(numbers), .strings(texts))
        #expect(found.map(\.kind) == [.typeChange] && found[0].severity == .drift && found[0].currentShare == 0.01)
        #expect(found[0].detail == "1 of 100 values are text where numbers were, such as '<b>n/a</b>'.")
        #expect(try events(.strings(texts), .numbers(numbers)).map(\.severity) == [.warning])
        let words = (0..<100).map { ["x", "y"][$0 % 2] }
        #expect(try events(.strings(words), .numbers(numbers)).first?.kind == .typeChange)
        #expect(try events(.integers((0..<100).map { $0 }), .numbers(numbers)).map(\.severity) == [.warning])
        let long = String(repeating: "é", count: DriftLimits.exampleCharacters + 1)
        let cut = try events(.numbers(numbers), .strings(texts.map { $0.hasPrefix("<") ? long : $0 }))
        #expect(cut.first?.detail.contains("\(long.dropLast())…") == true)
        let fits = try events(
            .numbers(numbers),
            .strings(texts.map { $0.hasPrefix("<") ? String(long.dropLast()) : $0 })
        )
        #expect(fits.first?.detail.contains("…") == false)
    }

    @Test func columnsComeAndGo() throws {
        let reference = try Samples.csv("a,b\n1,2\n3,4\n")
        let current = try Samples.csv("b,c\n2,1\n4,1\n")
        let found = DataEvent.find(reference: reference, current: current)
        #expect(found.map(\.kind) == [.missingColumn, .newColumn] && found.map(\.column) == ["a", "c"])
        var options = DataEventOptions()
        options.ignored = [.newColumn]
        options.ignoredColumns = ["a"]
        #expect(DataEvent.find(reference: reference, current: current, options: options).isEmpty)
    }

    @Test func rangesAreExceeded() throws {
        let past = normal(1_000, seed: 3)
        let found = try events(.numbers(past), .numbers(past.map { $0 * 2 }))
        #expect(found.map(\.kind) == [.rangeExceeded] && found[0].severity == .drift)
        #expect(try events(.numbers(past), .numbers([99] + past)).isEmpty)
    }

    @Test func emptyTablesHaveNoEvents() throws {
        #expect(try events(.numbers([1, 2, 3]), .numbers([])).isEmpty)
        #expect(try events(.numbers([]), .numbers([1, 2, 3])).isEmpty)
        #expect(try events(.strings([]), .numbers([])).isEmpty)
    }

    @Test func nothingHappensByChance() throws {
        var alarms = 0
        for run in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(run))
            func table() throws -> Table {
                try Table(columns: [
                    Column(
                        name: "a",
                        values: .numbers((0..<200).map { _ in generator.uniform() < 0.1 ? .nan : generator.normal() })
                    ),
                    Column(
                        name: "b",
                        values: .strings((0..<200).map { _ in ["x", "y", "z"][generator.index(below: 3)] })
                    ),
                ])
            }
            if !(try DataEvent.find(reference: table(), current: table())).isEmpty { alarms += 1 }
        }
        // Missing values at 0.01 one-sided and exact, ranges at 0.001: about one in a hundred.
        #expect(alarms <= 9, "\(alarms) of 300")
    }

    @Test func optionsReadTheSame() throws {
        var options = DataEventOptions()
        options.significance = 0.02
        options.leastRise = 0.1
        options.ignored = [.rangeExceeded, .newColumn]
        options.ignoredColumns = ["id"]
        #expect(try DataEventOptions(JSONFields(options.json)) == options)
        #expect(throws: MartletError.self) {
            try DataEventOptions(JSONFields(["ignore": ["nope"]] as JSONValue))
        }
    }
}
