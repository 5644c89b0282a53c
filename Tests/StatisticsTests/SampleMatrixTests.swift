import Core
import Testing

import Statistics

struct SampleMatrixTests {
    private func code(_ body: () throws -> Void) -> MartletError.Code? {
        #expect(throws: MartletError.self) { try body() }?.code
    }

    @Test func refusesRaggedAndEmptyShapes() {
        #expect(code { _ = try SampleMatrix(names: [], elements: []) } == .invalidArgument)
        #expect(code { _ = try SampleMatrix(names: ["a", "b"], elements: [1]) } == .invalidArgument)
        #expect(code { _ = try SampleMatrix(rows: [[1, 2], [3]]) } == .invalidArgument)
        #expect(code { _ = try SampleMatrix(rows: []) } == .invalidArgument)
    }

    @Test func limitsHoldAtTheLimitAndOnePast() throws {
        let names = (0...StatisticsLimits.features).map { "f\($0)" }
        #expect(try SampleMatrix(names: Array(names.dropLast()), elements: []).rows == 0)
        #expect(code { _ = try SampleMatrix(names: names, elements: []) } == .payloadTooLarge)
        let most = [Float](repeating: 0, count: StatisticsLimits.sampleElements)
        #expect(try SampleMatrix(names: ["a"], elements: most).rows == most.count)
        #expect(code { _ = try SampleMatrix(names: ["a"], elements: most + [0]) } == .payloadTooLarge)
    }

    @Test func leavesOutWhatIsNotFinite() throws {
        let matrix = try SampleMatrix(rows: [[1, .nan], [2, 3], [.infinity, 4]])
        #expect(matrix.finiteColumn(0) == [1, 2])
        #expect(matrix.finiteColumn(1) == [3, 4])
        #expect(matrix.completeRows == (try SampleMatrix(rows: [[2, 3]])))
        #expect(matrix[2, 1] == 4)
    }
}
