import Core
import Quality
import Testing

/// Profiles beside pandas, NumPy and Evidently.
@Suite struct ProfileParityTests {
    private let root: JSONValue
    private let table: Table
    private let profile: QualityProfile

    init() throws {
        root = try VectorFile("pandas_profiles.json").root
        table = try VectorFile.table(try #require(root["frame"]))
        profile = try QualityProfile(of: table)
    }

    @Test func theTablesCounts() throws {
        let expected = try #require(root["table"])
        #expect(profile.rowCount == expected["rows"]?.integerValue.map { Int($0) })
        #expect(profile.duplicatedRows == expected["duplicated_rows"]?.integerValue.map { Int($0) })
        #expect(profile.emptyRows == expected["empty_rows"]?.integerValue.map { Int($0) })
        #expect(profile.duplicatedColumns == expected["duplicated_columns"]?.integerValue.map { Int($0) })
        #expect(profile.duplicatedColumnPairs == [["gaps", "copy"]])
        #expect(profile.constantColumns == expected["constant_columns"]?.integerValue.map { Int($0) })
        #expect(profile.almostConstantColumns == expected["almost_constant_columns"]?.integerValue.map { Int($0) })
        #expect(profile.emptyColumns == expected["empty_columns"]?.integerValue.map { Int($0) })
        #expect(profile.missing == expected["missing"]?.integerValue.map { Int($0) })
    }

    @Test func everyColumnsFigures() throws {
        let columns = try #require(root["columns"]?.objectValue)
        #expect(columns.count == 18)
        for (name, expected) in columns.pairs {
            let column = try #require(profile[name])
            #expect(column.missing == expected["missing"]?.integerValue.map { Int($0) }, "\(name)")
            #expect(column.distinct == expected["distinct"]?.integerValue.map { Int($0) }, "\(name)")
            #expect(column.isConstant == expected["constant"]?.boolValue, "\(name)")
            #expect(column.isAlmostConstant == expected["almost_constant"]?.boolValue, "\(name)")
            #expect(agree(column.mostCommonShare, expected.number("most_common_share")), "\(name)")
            if let numbers = column.numbers { try compare(numbers, expected, name) }
            if let texts = column.texts {
                #expect(texts.minimumLength == expected["min_length"]?.integerValue.map { Int($0) })
                #expect(texts.maximumLength == expected["max_length"]?.integerValue.map { Int($0) })
                #expect(agree(texts.meanLength, expected.number("mean_length")))
            }
        }
    }

    private func compare(_ numbers: NumberSummary, _ expected: JSONValue, _ name: String) throws {
        #expect(numbers.minimum == expected.number("min"), "\(name)")
        #expect(numbers.maximum == expected.number("max"), "\(name)")
        #expect(agree(numbers.mean, expected.number("mean")), "\(name)")
        #expect(agree(numbers.median, expected.number("median")), "\(name)")
        #expect(agree(numbers.sum, expected.number("sum"), relative: 1e-9), "\(name)")
        if expected["std"] == "inf" {
            // pandas overflows where the spread of 1e200 is an ordinary number.
            let deviation = try #require(numbers.deviation)
            #expect(deviation > 0.5e200 && deviation < 2e200, "\(name)")
        } else {
            // pandas gives a constant of 0.1 a spread of 1e-17; it has none.
            #expect(agree(numbers.deviation, expected.number("std"), absolute: 1e-16), "\(name)")
        }
        for (share, quantile) in zip(NumberSummary.quantileShares, numbers.quantiles) {
            #expect(agree(quantile, expected["quantiles"]?.number(String(share))), "\(name) \(share)")
        }
    }

    @Test func everyCorrelation() throws {
        let expected = try #require(root["correlations"]?.arrayValue)
        #expect(profile.correlations.count == expected.count)
        for correlation in profile.correlations {
            let columns: JSONValue = [.string(correlation.first), .string(correlation.second)]
            let wanted = try #require(
                expected.first { $0["columns"] == columns && $0["method"]?.stringValue == correlation.method.rawValue }
            )
            #expect(agree(correlation.value, wanted.number("value"), absolute: 1e-12), "\(correlation) \(wanted)")
        }
    }

    @Test func aTestOfOneCorrelationIsTheProfiles() throws {
        for correlation in profile.correlations {
            let suite = try QualitySuite.of([
                "metric": "ColumnCorrelation", "column": .string(correlation.first),
                "other": .string(correlation.second), "method": .string(correlation.method.rawValue),
                "eq": ["value": .optional(correlation.value), "absolute": 1e-12],
            ])
            #expect(try suite.run(current: table).passed, "\(correlation)")
        }
    }
}
