import Core
import Drift
import Foundation
import Testing

/// Reports that equal Evidently's.
struct EvidentlyParityTests {
    private static func root() throws -> JSONValue {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appending(path: "Vectors/evidently_dataset_drift.json")
        return try JSONValue.parse([UInt8](Data(contentsOf: file)))
    }

    private func table(_ dataset: JSONValue, _ side: String) throws -> Table {
        let types = try #require(dataset["dtypes"]?.objectValue)
        return try Table(
            columns: types.pairs.map { name, type in
                let values = try #require(dataset[side]?[name]?.arrayValue)
                return Column(
                    name: name,
                    values: try {
                        switch type {
                        case "int64": .integers(values.map(\.integerValue))
                        case "float64": .numbers(try values.map(number))
                        default: .strings(values.map(\.stringValue))
                        }
                    }()
                )
            }
        )
    }

    private func number(_ value: JSONValue) throws -> Double {
        switch value {
        case .null: .nan
        case .string(let text): try #require(Double(text))
        default: try #require(value.doubleValue)
        }
    }

    private func options(_ params: JSONValue) throws -> DriftOptions {
        var settings: JSONObject = ["detector": "univariate"]
        for (name, value) in try #require(params.objectValue).pairs {
            switch name {
            case "method":
                settings["num_method"] = value
                settings["cat_method"] = value
            default: settings[name] = value
            }
        }
        var options = DriftOptions()
        options.columns = try DetectorSpec(JSONFields(settings))
        return options
    }

    @Test func everyCase() throws {
        let root = try Self.root()
        let cases = try #require(root["cases"]?.arrayValue)
        #expect(cases.count == 10)
        for item in cases {
            let id = try #require(item["id"]?.stringValue)
            let name = try #require(item["dataset"]?.stringValue)
            let dataset = try #require(root["datasets"]?[name])
            let params = try #require(item["params"])
            let expected = try #require(item["expected"])
            let report = try DriftReport(
                reference: table(dataset, "reference"),
                current: table(dataset, "current"),
                options: options(params)
            )
            try check(report.json, expected, id)
        }
    }

    private func check(_ json: JSONValue, _ expected: JSONValue, _ id: String) throws {
        for (name, column) in try #require(expected["columns"]?.objectValue).pairs {
            let found = try #require(json["drift_by_columns"]?[name], "\(id) \(name)")
            #expect(found["stattest_name"] == column["method"], "\(id) \(name)")
            #expect(found["stattest_threshold"]?.doubleValue == column["threshold"]?.doubleValue, "\(id) \(name)")
            let score = try #require(found["drift_score"]?.doubleValue, "\(id) \(name)")
            let peer = try #require(column["score"]?.doubleValue)
            #expect(abs(score - peer) <= 1e-9 * max(abs(score), abs(peer)), "\(id) \(name): \(score), \(peer)")
        }
        for (key, type) in [("numerical", "num"), ("categorical", "cat")] {
            let names = try #require(expected[key]?.arrayValue).compactMap(\.stringValue)
            let found = try #require(json["drift_by_columns"]?.objectValue).pairs
                .filter { $0.value["column_type"]?.stringValue == type }.map(\.key)
            #expect(Set(found) == Set(names), "\(id)")
        }
        #expect(json["number_of_drifted_columns"]?.doubleValue == expected["drifted_columns"]?["count"]?.doubleValue)
        #expect(json["share_of_drifted_columns"]?.doubleValue == expected["drifted_columns"]?["share"]?.doubleValue)
        #expect(json["metrics"]?.arrayValue?.first?["value"] == expected["drifted_columns"])
        let tests = try #require(json["tests"]?.arrayValue)
        let peers = try #require(expected["tests"]?.arrayValue)
        #expect(tests.map { $0["name"] } == peers.map { $0["name"] }, "\(id)")
        #expect(tests.map { $0["status"] } == peers.map { $0["status"] }, "\(id)")
    }
}
