import Core
import Imports
import TestSupport
import Testing
import Tracking

/// Histories in files: what is read, and what is refused with its line.
struct MetricFileTests {
    private func points(_ text: String) async throws -> [Metric] {
        let folder = try Folder()
        try FolderFixture.make(folder.path)
        try folder.write("mlruns/7/\(SourceFixture.run)/metrics/loss", text)
        let source = try ImportAddress.open(folder.path + "/mlruns")
        let run = try #require(
            try await SourceContractTests.runs(source, "7").first { $0.run.id == SourceFixture.run }
        )
        var points: [Metric] = []
        try await source.points(of: run) { points += $0 }
        return points.filter { $0.key == "loss" }
    }

    @Test func formsOfLines() async throws {
        let points = try await points("5 1.5\n6 -inf 2\r\n7 0.5 3 a name with blanks abc\n\n8 1e-300 4")
        #expect(points.map(\.timestamp.milliseconds) == [5, 6, 7, 8])
        #expect(points.map(\.step) == [0, 2, 3, 4])
        #expect(points.map(\.value) == [1.5, -.infinity, 0.5, 1e-300])
    }

    @Test(arguments: ["5\n", "5 x 1\n", "5 1 1.5\n", "a 1 1\n", "5 1 1 name\n", "5 1 1\n17000"])
    func malformedLines(_ text: String) async throws {
        let error = await #expect(throws: MartletError.self) { _ = try await self.points(text) }
        #expect(error?.code == .dataLoss && error?.message.contains("line") == true)
    }

    @Test func linesHaveALimit() async throws {
        let line = String(repeating: "1", count: ImportsLimits.lineBytes + 1)
        let error = await #expect(throws: MartletError.self) { _ = try await self.points(line) }
        #expect(error?.code == .dataLoss)
        let padded = "5 1" + String(repeating: " ", count: ImportsLimits.lineBytes - 3)
        #expect(try await points(padded).count == 1)
    }

    @Test func longFilesComeInBatches() async throws {
        let count = ImportsLimits.pointsPerWrite + ImportsLimits.readBytes / 10
        let text = (0..<count).map { "\($0) 0.5 \($0)\n" }.joined()
        #expect(try await points(text).count == count)
    }
}
