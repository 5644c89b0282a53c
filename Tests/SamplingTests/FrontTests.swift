import Core
import Sampling
import Testing

@Suite("Fronts and what matters")
struct FrontTests {
    @Test("rank points by who beats whom")
    func ranks() {
        let points: [[Double]] = [[1, 4], [2, 2], [4, 1], [3, 3], [5, 5], [2, 2], [1, 5]]
        #expect(ParetoFront.members(points) == [0, 1, 2, 5])
        #expect(ParetoFront.ranks(points) == [0, 0, 0, 1, 2, 0, 1])
        #expect(ParetoFront.ranks(points, upTo: 2) == [0, 0, 0, 1, 1, 0, 1])
        #expect(!ParetoFront.dominates([1, 1], [1, 1]))
        let crowding = ParetoFront.crowding([[0, 4], [1, 3], [3, 1], [4, 0]])
        #expect(crowding[0].isInfinite && crowding[3].isInfinite && crowding[1] == crowding[2])
        #expect(crowding[1] == 1.5)
    }

    @Test("measure the volume that points dominate")
    func volume() {
        #expect(Hypervolume.compute([], reference: [1, 1]) == 0)
        #expect(Hypervolume.compute([[2, 2]], reference: [1, 1]) == 0)
        #expect(Hypervolume.compute([[1, 3], [2, 2], [3, 1], [3, 3]], reference: [4, 4]) == 6)
        let cube: [[Double]] = [[1, 2, 3], [2, 3, 1], [3, 1, 2], [2, 2, 2]]
        #expect(Hypervolume.compute(cube, reference: [4, 4, 4]) == counted(cube, 4))
        let four: [[Double]] = [[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2], [2, 2, 2, 2]]
        #expect(Hypervolume.compute(four, reference: [4, 4, 4, 4]) == counted(four, 4))
    }

    /// Counts the unit cells that some point dominates.
    private func counted(_ points: [[Double]], _ edge: Int) -> Double {
        let width = points[0].count
        var count = 0
        var cells = 1
        for _ in 0..<width { cells *= edge }
        for cell in 0..<cells {
            var rest = cell
            let corner = (0..<width).map { _ in
                defer { rest /= edge }
                return Double(rest % edge)
            }
            if points.contains(where: { zip($0, corner).allSatisfy { $0 <= $1 } }) { count += 1 }
        }
        return Double(count)
    }

    @Test("choose the points that add most volume")
    func subset() {
        let points: [[Double]] = [[0, 9], [1, 1], [9, 0], [0.9, 1.2]]
        #expect(Hypervolume.subset(points, count: 1, reference: [10, 10]) == [1])
        #expect(Set(Hypervolume.subset(points, count: 3, reference: [10, 10])) == [0, 1, 2])
        #expect(Hypervolume.subset(points, count: 9, reference: [10, 10]).count == 4)
    }

    @Test("say what an objective depends on")
    func importance() throws {
        let space = try SearchSpace([
            ("strong", .float(low: 0, high: 1)), ("weak", .float(low: 1e-3, high: 1, log: true)),
            ("kind", .choice(["a", "b", "c"])), ("nothing", .integer(low: 0, high: 9)),
        ])
        var study = Study(space: space, sampler: RandomSampler(seed: 1))
        for _ in 0..<150 {
            let trial = try study.ask()
            let value = 10 * trial.values[0] + trial.values[1] + (trial.values[2] == 1 ? 4 : 0)
            try study.tell(trial.number, [value])
        }
        let shares = FunctionalANOVA.importance(study.history, trees: 16)
        #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
        #expect(shares[0] > shares[2] && shares[2] > shares[1] && shares[3] < 0.03, "\(shares)")
        // 10²/12 of 10²/12 + 16 · 2/9 + what little the weak one adds.
        #expect(abs(shares[0] - 0.69) < 0.1)
        #expect(FunctionalANOVA.importance(study.history, trees: 16) == shares)
        let empty = TrialHistory(space: space, directions: [.minimize])
        #expect(FunctionalANOVA.importance(empty) == [0, 0, 0, 0])
    }
}
