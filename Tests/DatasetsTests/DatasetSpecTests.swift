import Core
import Datasets
import Testing

/// The `data:` section: what is read and how each mistake is named.
struct DatasetSpecTests {
    private static let good: JSONValue = [
        "cells": [
            "source": ["file": "cells.csv", "skip_lines": 1, "block_rows": 100],
            "columns": ["size", ["name": "count", "type": "integer"], "label"],
            "target": ["column": "label", "classes": ["bad", "good"]],
            "checks": [
                ["nulls": 0], ["column": "size", "nulls": 2], ["duplicates": 0], ["column": "size", "min": 0],
                ["rows": ["min": 10]], ["class_balance": 0.2],
            ],
            "split": ["train": 0.35, "validation": 0.15, "test": 0.5, "stratify": "label", "seed": 7],
        ]
    ]

    @Test func readsEverything() throws {
        let spec = try #require(try DatasetSpec.parseSection(Self.good).first)
        #expect(spec.name == "cells")
        #expect(spec.source?.skipLines == 1)
        #expect(spec.source?.hasHeader == false)
        #expect(spec.source?.blockRows == 100)
        #expect(spec.columns == [.init(name: "size"), .init(name: "count", kind: .integer), .init(name: "label")])
        #expect(spec.target == DatasetTarget(column: "label", classes: ["bad", "good"]))
        #expect(
            spec.checks == [
                .nulls(column: nil, atMost: 0), .nulls(column: "size", atMost: 2), .duplicates(atMost: 0),
                .range(column: "size", min: 0, max: nil), .rowCount(min: 10, max: nil), .classBalance(atLeast: 0.2),
            ]
        )
        #expect(spec.split?.parts.map(\.name) == ["train", "validation", "test"])
        #expect(spec.split?.stratify == "label")
        #expect(spec.split?.seed == 7)
    }

    /// Each change to a good declaration and the words that the error must hold.
    private static let mistakes: [(key: String, value: JSONValue?, words: [String])] = [
        ("source", nil, ["data.cells.source", "missing"]),
        ("source", ["file": "../x.csv"], ["data.cells.source.file", "../x.csv"]),
        ("source", ["file": "/etc/passwd"], ["data.cells.source.file"]),
        ("source", ["file": "a//b.csv"], ["data.cells.source.file"]),
        ("source", ["file": "x.csv", "url": "y"], ["data.cells.source.url", "not a known key"]),
        ("source", ["file": "x.csv", "block_rows": 0], ["data.cells.source.block_rows", "between 1 and"]),
        ("source", ["file": "x.csv", "block_rows": 50_001], ["data.cells.source.block_rows", "50000"]),
        ("source", ["file": "x.csv", "skip_lines": -1], ["data.cells.source.skip_lines"]),
        ("columns", ["size", "size", "label"], ["data.cells.columns[1]", "second time"]),
        ("columns", ["size", 7, "label"], ["data.cells.columns[1]"]),
        (
            "columns", ["size", ["name": "x", "type": "date"], "label"],
            ["data.cells.columns[1].type", "number, integer"]
        ),
        ("columns", ["size", "count"], ["target.column", "'label'"]),
        ("target", ["column": "label", "classes": ["only"]], ["data.cells.target.classes", "2 to"]),
        ("target", ["column": "label", "classes": ["a", "a"]], ["twice"]),
        ("target", ["column": "label"], ["class_balance", "target.classes"]),
        ("checks", [["column": "size"]], ["data.cells.checks[0]", "min"]),
        ("checks", [["column": "size", "min": 2, "max": 1]], ["data.cells.checks[0].min", "max"]),
        ("checks", [["column": "weight", "min": 2]], ["data.cells.checks[0].column", "'weight'"]),
        ("checks", [["nulls": -1]], ["data.cells.checks[0].nulls"]),
        ("checks", [["class_balance": 1.5]], ["data.cells.checks[0].class_balance"]),
        ("checks", [["rows": [:]]], ["data.cells.checks[0].rows"]),
        ("split", ["train": 0.5, "test": 0.4], ["data.cells.split", "add up to"]),
        ("split", ["train": -1, "test": 2], ["data.cells.split.train", "above 0"]),
        ("split", ["seed": 1], ["data.cells.split", "parts"]),
        ("split", ["train set": 1], ["data.cells.split.train set"]),
        ("split", ["train": 1, "stratify": "weight"], ["split.stratify", "'weight'"]),
        ("colums", ["x"], ["data.cells.colums", "not a known key"]),
    ]

    @Test(arguments: mistakes.indices)
    func namesEachMistake(index: Int) async throws {
        let mistake = Self.mistakes[index]
        var dataset = try #require(Self.good["cells"]?.objectValue)
        dataset[mistake.key] = mistake.value
        let section: JSONValue = ["cells": .object(dataset)]
        do {
            _ = try DatasetSpec.parseSection(section)
            Issue.record("accepted \(mistake.key): \(mistake.value?.description ?? "nothing")")
        } catch {
            #expect(error.code == .invalidArgument)
            for word in mistake.words { #expect(error.message.contains(word), "\(error.message)") }
        }
    }

    @Test func boundsTheNumberOfDatasetsAndColumns() throws {
        let one: JSONValue = ["source": ["file": "x.csv"]]
        let many = JSONObject((0..<DatasetsLimits.datasets).map { ("d\($0)", one) })
        #expect(try DatasetSpec.parseSection(.object(many)).count == DatasetsLimits.datasets)
        var tooMany = many
        tooMany["more"] = one
        #expect(throws: MartletError.self) { try DatasetSpec.parseSection(.object(tooMany)) }
        let names = (0...DatasetsLimits.columns).map { JSONValue.string("c\($0)") }
        let wide: JSONValue = ["source": ["file": "x.csv"], "columns": .array(names)]
        #expect(throws: MartletError.self) { try DatasetSpec.parse(name: "wide", wide) }
        let widest: JSONValue = ["source": ["file": "x.csv"], "columns": .array(Array(names.dropLast()))]
        #expect(try DatasetSpec.parse(name: "wide", widest).columns.count == DatasetsLimits.columns)
        #expect(throws: MartletError.self) { try DatasetSpec.parse(name: "a/b", one) }
    }
}
