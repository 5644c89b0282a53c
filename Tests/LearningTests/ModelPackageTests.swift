import Core
import Learning
import Testing

@Suite("A model's files")
struct ModelPackageTests {
    @Test("hold at most the limit of reference rows")
    func reference() throws {
        for extra in [0, 1] {
            let count = LearningLimits.referenceRows + extra
            let table = try Table(columns: [
                Column(name: "it's", values: .numbers((0..<count).map { Double($0) / 10 })),
                Column(name: "y", values: .integers((0..<count).map { Int64($0 % 2) })),
            ])
            let package = ModelPackage(
                runID: "r",
                model: [1, 2, 3],
                training: try LabelledRows(table, target: "y"),
                metrics: [("accuracy", 1), ("auroc", .nan)],
                created: Timestamp(milliseconds: 0),
                seed: 1
            )
            let files = Dictionary(uniqueKeysWithValues: try package.files(modelID: "m").map { ($0.name, $0.bytes) })
            let reference = try CSV.parse(try #require(files["reference.csv"]))
            #expect(reference.rowCount == LearningLimits.referenceRows)
            #expect(String(decoding: files["MLmodel"] ?? [], as: UTF8.self).contains("\"name\":\"it''s\""))
            let own = try JSONValue.parse(try #require(files["martlet.json"]))
            #expect(own["checksums"]?.objectValue?.count == 7 && own["metrics"]?.objectValue?.keys == ["accuracy"])
        }
    }
}
