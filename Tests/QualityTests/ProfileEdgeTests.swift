import Core
import Quality
import Testing

/// Profiles of what is too small, too large, missing or not a number.
@Suite struct ProfileEdgeTests {
    private func column(_ values: Column.Values) throws -> ColumnProfile {
        try #require(try QualityProfile(of: Table(columns: [Column(name: "x", values: values)])).columns.first)
    }

    @Test func tablesWithoutRowsOrColumns() throws {
        let none = try QualityProfile(of: Table(columns: []))
        #expect(none.rowCount == 0 && none.columns.isEmpty && none.duplicatedRows == 0 && none.emptyRows == 0)
        let empty = try QualityProfile(
            of: Table(columns: [
                Column(name: "a", values: .numbers([])), Column(name: "b", values: .strings([])),
                Column(name: "c", values: .integers([])),
            ])
        )
        #expect(empty.columns.allSatisfy { $0.type == .empty && $0.missingShare == nil && $0.isConstant })
        #expect(empty.almostConstantColumns == 0 && empty.emptyColumns == 3 && empty.correlations.isEmpty)
        #expect(!empty.json.description.contains(":nan"))
    }

    @Test func oneRow() throws {
        let numbers = try column(.numbers([4]))
        #expect(numbers.numbers?.deviation == nil && numbers.numbers?.mean == 4 && numbers.isConstant)
        #expect(numbers.json["std"] == .null && numbers.json["quantiles"]?["0.5"]?.doubleValue == 4)
        #expect(try column(.strings(["é"])).texts?.maximumLength == 1)
        let profile = try QualityProfile(
            of: Table(columns: [Column(name: "a", values: .numbers([1])), Column(name: "b", values: .numbers([2]))])
        )
        #expect(profile.correlations.isEmpty && profile.duplicatedRows == 0)
    }

    @Test func twoRowsGoTogetherPerfectly() throws {
        let profile = try QualityProfile(
            of: Table(columns: [
                Column(name: "a", values: .numbers([1, 2])), Column(name: "b", values: .integers([5, -5])),
            ])
        )
        #expect(profile.correlations.count == 2 && profile.correlations.allSatisfy { agree($0.value, -1) })
    }

    @Test func nothingButMissingAndInfinite() throws {
        let missing = try column(.numbers([.nan, .nan, .nan]))
        #expect(missing.type == .empty && missing.missing == 3 && missing.nan == 3 && missing.numbers == nil)
        let infinite = try column(.numbers([.infinity, -.infinity, .infinity, .nan]))
        #expect(infinite.type == .number && infinite.infinities == 3 && infinite.positiveInfinities == 2)
        #expect(infinite.distinct == 2 && infinite.numbers == nil && infinite.missing == 1)
        #expect(infinite.json["common"]?.description.contains("\"inf\"") == true)
        let mixed = try column(.numbers([1, .infinity, 3, .nan]))
        #expect(mixed.numbers?.mean == 2 && mixed.numbers?.maximum == 3 && mixed.distinct == 3)
    }

    @Test func theEndsOfTheRange() throws {
        let huge = try #require(try column(.numbers([1e308, 1.5e308, -1.2e308])).numbers)
        #expect(huge.mean.isFinite && huge.deviation?.isFinite == true && huge.quantiles.allSatisfy(\.isFinite))
        #expect(agree(huge.deviation, 1.4364307617610165e308))
        let tiny = try #require(try column(.numbers([1e-300, 2e-300, 3e-300])).numbers)
        #expect(agree(tiny.deviation, 1e-300) && agree(tiny.mean, 2e-300))
        let shifted = try #require(try column(.numbers([1e15 + 1, 1e15 + 2, 1e15 + 3])).numbers)
        #expect(shifted.deviation == 1)
        let sum = try #require(try column(.numbers([.greatestFiniteMagnitude, .greatestFiniteMagnitude, 1])).numbers)
        #expect(sum.sum == .infinity && sum.mean.isFinite && sum.deviation?.isFinite == true)
    }

    @Test func wholeNumbersPast53BitsStayApart() throws {
        let ids = try column(.integers([9_007_199_254_740_993, 9_007_199_254_740_992, nil, .max, .min]))
        #expect(ids.distinct == 4 && ids.missing == 1 && ids.nan == 0)
    }

    @Test func textThatIsNumbersButForSome() throws {
        var cells: [String?] = (0..<100).map { "\($0)" }
        cells[40] = "n/a"
        cells[41] = nil
        let column = try column(.strings(cells))
        #expect(column.texts?.numeric == 98 && column.texts?.firstOther == "n/a" && column.type == .text)
    }

    @Test func manyCategories() throws {
        let words = (0..<20_000).map { "category \($0 % 10_000)" }
        let other = (0..<20_000).map { "other \($0 % 7)" }
        let profile = try QualityProfile(
            of: Table(columns: [
                Column(name: "x", values: .strings(words)), Column(name: "y", values: .strings(other)),
            ])
        )
        let column = try #require(profile["x"])
        #expect(column.distinct == 10_000 && column.common.count == QualityLimits.listedValues)
        #expect(column.common.allSatisfy { $0.count == 2 } && profile.correlations.isEmpty)
    }

    @Test func theMostCommonValuesComeFirst() throws {
        let column = try column(.strings(["b", "a", "a", "c", nil, "c", "a"]))
        #expect(column.common.map(\.label) == [.text("a"), .text("c"), .text("b")])
        #expect(column.common.map(\.count) == [3, 2, 1])
    }

    @Test func repeatedRowsOfEveryType() throws {
        let table = try Table(columns: [
            Column(name: "n", values: .numbers([0, -0.0, .nan, .nan, 1, .infinity, .infinity])),
            Column(name: "i", values: .integers([1, 1, nil, nil, nil, 3, 3])),
            Column(name: "s", values: .strings(["a", "a", nil, nil, "a", "b", "c"])),
        ])
        let profile = try QualityProfile(of: table)
        #expect(profile.duplicatedRows == 2 && profile.emptyRows == 2)
    }

    @Test func repeatedColumnsOfOneType() throws {
        let table = try Table(columns: [
            Column(name: "a", values: .numbers([1, 2, .nan])), Column(name: "b", values: .integers([1, 2, nil])),
            Column(name: "c", values: .numbers([1, 2, .nan])), Column(name: "d", values: .strings(["1", "2", nil])),
            Column(name: "e", values: .strings(["x", "y", nil])), Column(name: "f", values: .strings(["1", "2", nil])),
            Column(name: "g", values: .numbers([1, 2, .nan])),
        ])
        let profile = try QualityProfile(of: table)
        #expect(profile.duplicatedColumns == 4)
        #expect(profile.duplicatedColumnPairs == [["a", "c"], ["a", "g"], ["c", "g"], ["d", "f"]])
    }

    @Test func pairsOfColumnsAreBounded() throws {
        var generator = SeededGenerator(seed: 4)
        func table(_ numbers: Int, _ texts: Int, categories: Int = 3) throws -> Table {
            var columns: [Column] = []
            for index in 0..<numbers {
                columns.append(
                    Column(name: "n\(index)", values: .numbers((0..<12).map { _ in generator.normal() }))
                )
            }
            for index in 0..<texts {
                let cells = (0..<(2 * categories)).prefix(max(12, 2 * categories)).map { "t\($0 % categories)" }
                columns.append(
                    Column(name: "t\(index)", values: .strings(numbers > 0 ? Array(cells.prefix(12)) : cells))
                )
            }
            return try Table(columns: columns)
        }
        func pairs(_ count: Int) -> Int { count * (count - 1) / 2 }
        let limit = QualityLimits.correlatedColumns
        #expect(try QualityProfile(of: table(limit, 0)).correlations.count == 2 * pairs(limit))
        #expect(try QualityProfile(of: table(limit + 1, 0)).correlations.count == 2 * pairs(limit))
        let texts = QualityLimits.associatedColumns
        #expect(try QualityProfile(of: table(0, texts)).correlations.count == pairs(texts))
        #expect(try QualityProfile(of: table(0, texts + 1)).correlations.count == pairs(texts))
        let categories = QualityLimits.associatedCategories
        #expect(try QualityProfile(of: table(0, 2, categories: categories)).correlations.map(\.value) == [1])
        #expect(try QualityProfile(of: table(0, 2, categories: categories + 1)).correlations.isEmpty)
        #expect(try QualityProfile(of: table(3, 0), correlations: false).correlations.isEmpty)
    }

    @Test func ofManyRowsSomeAreCorrelated() throws {
        let count = QualityLimits.correlatedRows
        for rows in [count, count + 1, 3 * count] {
            let even = (0..<rows).map { Double($0) }
            let profile = try QualityProfile(
                of: Table(columns: [
                    Column(name: "a", values: .numbers(even)), Column(name: "b", values: .numbers(even.map { -$0 })),
                ])
            )
            #expect(profile.correlations.map { ($0.value ?? 0).rounded() } == [-1, -1])
        }
    }

    @Test func rowsAreLimited() throws {
        try QualityProfile.requireFits(rows: QualityLimits.rows)
        #expect(throws: MartletError.self) { try QualityProfile.requireFits(rows: QualityLimits.rows + 1) }
    }

    @Test func theRadixSortIsASort() throws {
        var generator = SeededGenerator(seed: 9)
        for count in [255, 256, 3000] {
            var values = (0..<count).map { _ in generator.normal() * 1e3 }
            for place in stride(from: 0, to: count, by: 7) { values[place] = -0.0 }
            for place in stride(from: 3, to: count, by: 11) { values[place] = -1e300 * generator.uniform() }
            let summary = try #require(try column(.numbers(values)).numbers)
            let sorted = values.sorted()
            #expect(summary.minimum == sorted[0] && summary.maximum == sorted[count - 1])
            #expect(agree(summary.median, (sorted[(count - 1) / 2] + sorted[count / 2]) / 2))
            #expect(try column(.numbers(values)).distinct == Set(values).count)
        }
    }
}
