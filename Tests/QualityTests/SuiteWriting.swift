import Core
import Quality

extension QualitySuite {
    /// A suite of written tests.
    static func of(_ tests: JSONValue...) throws -> QualitySuite {
        try QualitySuite(JSONFields(JSONObject([("tests", .array(tests))])))
    }
}

extension Table {
    /// A table of one column of numbers.
    static func numbers(_ values: [Double], name: String = "x") throws -> Table {
        try Table(columns: [Column(name: name, values: .numbers(values))])
    }

    /// A table of one column of texts.
    static func texts(_ values: [String?], name: String = "x") throws -> Table {
        try Table(columns: [Column(name: name, values: .strings(values))])
    }
}
