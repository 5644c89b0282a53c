import Core
import Datasets
import Foundation
import Testing

/// The shipped breast-cancer file through the whole module, at its known figures.
struct BreastCancerTests {
    private static var directory: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/examples/breast-cancer"
    }

    @Test func theShippedFileIsReadCheckedAndCounted() async throws {
        let fixture = try await DatasetFixture()
        let features = (0..<30).map { JSONValue.string("feature \($0)") }
        let section: JSONValue = [
            "breast-cancer": [
                "source": ["file": "breast_cancer.csv", "skip_lines": 1, "block_rows": 100],
                "columns": .array(features + ["target"]),
                "target": ["column": "target", "classes": ["malignant", "benign"]],
                "checks": [
                    ["nulls": 0], ["duplicates": 0], ["rows": ["min": 569, "max": 569]], ["class_balance": 0.37],
                    ["column": "feature 0", "min": 6.981, "max": 28.11],
                ],
            ]
        ]
        try await fixture.store.apply(try DatasetSpec.parseSection(section), directory: Self.directory)
        let report = try await fixture.store.ingest("breast-cancer")
        #expect(report.rows == 569)
        #expect(report.newBlocks == 6)
        #expect(try await fixture.store.check("breast-cancer").count == 6)
        let table = try await fixture.store.rows("breast-cancer")
        let classes = try table.column("target").numbers ?? []
        #expect(classes.reduce(0, +) == 357)
    }
}
