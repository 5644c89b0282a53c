import Core
import Sampling
import Testing

@Suite("Samplers")
struct SamplerTests {
    private static func space(_ count: Int) throws -> SearchSpace {
        try SearchSpace((0..<count).map { ("x\($0)", ParameterDistribution.float(low: -5, high: 5)) })
    }

    private func best(_ spec: SamplerSpec, _ trials: Int, _ objective: ([Double]) -> Double) throws -> Double {
        var study = Study(space: try Self.space(4), sampler: spec.make())
        for _ in 0..<trials {
            let trial = try study.ask()
            try study.tell(trial.number, [objective(trial.values)])
        }
        return study.best?.objectives[0] ?? .infinity
    }

    /// A narrow valley across all axes: its smallest value is 0 at (1, 1, 1, 1).
    private func valley(_ x: [Double]) -> Double {
        let steps = zip(x, x.dropFirst()).map { $1 - $0 }
        return (x[0] - 1) * (x[0] - 1) + 100 * steps.reduce(0) { $0 + $1 * $1 }
    }

    @Test("CMA-ES finds the bottom of a turned valley, which chance does not")
    func evolution() throws {
        #expect(try best(SamplerSpec(.cmaes, seed: 1), 1500, valley) < 1e-3)
        #expect(try best(SamplerSpec(.random, seed: 1), 1500, valley) > 1)
    }

    @Test("CMA-ES begins anew with a larger population when it has converged")
    func restarts() throws {
        var spec = SamplerSpec(.cmaes, seed: 3)
        spec.cmaes.restarts = true
        var study = Study(space: try Self.space(2), sampler: spec.make())
        for _ in 0..<1200 {
            let trial = try study.ask()
            try study.tell(trial.number, [trial.values[0] * trial.values[0] + trial.values[1] * trial.values[1]])
        }
        let late = study.trials.suffix(100).map { abs($0.values[0]) }.max() ?? 0
        #expect(late > 0.1 && study.best?.objectives[0] ?? 1 < 1e-8)
        #expect(throws: MartletError.self) { try SamplerSpec(.cmaes).check(try Self.space(1), objectives: 2) }
    }

    @Test("a search that is taken up again goes on as it would have", arguments: SamplerSpec.Kind.allCases)
    func takenUp(_ kind: SamplerSpec.Kind) throws {
        var spec = SamplerSpec(kind, seed: 9)
        spec.nsga2.population = 8
        var study = Study(space: try Self.space(2), sampler: spec.make())
        for _ in 0..<25 {
            let trial = try study.ask()
            // Some trials end out of order, and some fail.
            guard trial.number % 5 != 4 else { continue }
            try study.tell(trial.number, trial.number % 7 == 3 ? nil : [trial.values[0] * trial.values[1]])
        }
        var fresh = spec.make()
        var kept = study
        #expect(try fresh.propose(25, in: study.history) == (try Proposal(of: kept.ask())))
    }

    @Test("a grid is tried point by point, failed ones again, and then is used up")
    func grid() throws {
        let space = try SearchSpace([
            ("n", .integer(low: 1, high: 3)), ("k", .choice(["a", "b"])), ("r", .float(low: 1, high: 100, log: true)),
        ])
        var spec = SamplerSpec(.grid)
        spec.gridPoints = 3
        var study = Study(space: space, sampler: spec.make())
        var points: Set<[Double]> = []
        for index in 0..<19 {
            let trial = try study.ask()
            try study.tell(trial.number, index == 4 ? nil : [0])
            points.insert(trial.values)
        }
        #expect(points.count == 18)
        #expect(points.contains([1, 0, 1]) && points.contains { abs($0[2] - 10) < 1e-9 })
        let error = #expect(throws: MartletError.self) { try study.ask() }
        #expect(error?.code == .failedPrecondition)
    }

    @Test("sequences fill every cell of a grid once", arguments: [QuasiRandomSampler.Sequence.sobol, .halton])
    func sequences(_ sequence: QuasiRandomSampler.Sequence) throws {
        let count = sequence == .sobol ? 64 : 72
        let space = try SearchSpace((0..<2).map { ("x\($0)", ParameterDistribution.float(low: 0, high: 1)) })
        for seed in [0, 1, 2] as [UInt64] {
            var study = Study(space: space, sampler: QuasiRandomSampler(sequence, seed: seed))
            let points = try (0..<count).map { _ in try study.ask().values }
            // 64 points of Sobol's sequence: one in each of 8 × 8; 72 of Halton's: one in each of 8 × 9.
            let cells = Set(points.map { [Int($0[0] * 8), Int($0[1] * (sequence == .sobol ? 8 : 9))] })
            #expect(cells.count == count)
        }
    }

    @Test("with several objectives spread over the front", arguments: [SamplerSpec.Kind.nsga2, .tpe])
    func front(_ kind: SamplerSpec.Kind) throws {
        var spec = SamplerSpec(kind, seed: 5)
        spec.nsga2.population = 20
        let space = try SearchSpace([("x", .float(low: -5, high: 5)), ("y", .float(low: -5, high: 5))])
        var volumes: [Double] = []
        for sampler in [spec, SamplerSpec(.random, seed: 5)] {
            var study = Study(space: space, directions: [.minimize, .maximize], sampler: sampler.make())
            for _ in 0..<150 {
                let trial = try study.ask()
                let (x, y) = (trial.values[0], trial.values[1])
                try study.tell(trial.number, [x * x + y * y, -(x - 2) * (x - 2) - (y - 2) * (y - 2)])
            }
            let losses = study.history.bestTrials.map { study.history.losses($0) }
            volumes.append(Hypervolume.compute(losses, reference: [20, 20]))
        }
        #expect(volumes[0] > volumes[1], "\(volumes)")
    }

    @Test("TPE counts pruned trials after complete ones, and running ones among the rest")
    func pruned() throws {
        var study = Study(space: try Self.space(1), sampler: TPESampler(seed: 1), pruner: .none)
        for index in 0..<30 {
            let trial = try study.ask()
            _ = try study.report(trial.number, step: index % 4, value: trial.values[0])
            guard index % 3 != 2 else { continue }
            try study.tell(trial.number, [trial.values[0]], isPruned: index % 3 == 1)
        }
        #expect(study.history.finishedCount == 20 && study.history.pruned.count == 10)
        // It goes where values are small.
        #expect(try (0..<5).map { _ in try study.ask().values[0] }.reduce(0, +) < 0)
    }

    @Test("samplers survive being written and read")
    func json() throws {
        for kind in SamplerSpec.Kind.allCases {
            var spec = SamplerSpec(kind, seed: 3)
            if kind == .tpe { spec.tpe.isGrouped = true }
            if kind == .cmaes { spec.cmaes.restarts = true }
            #expect(try SamplerSpec(JSONFields(spec.json)) == spec)
        }
        for bad in [
            #"{"type": "guess"}"#, #"{"type": "tpe", "group": true, "multivariate": false}"#,
            #"{"type": "cmaes", "sigma0": 0}"#, #"{"type": "nsga2", "crossover_prob": 2}"#,
            #"{"type": "random", "x": 1}"#,
        ] {
            #expect(throws: MartletError.self) { try SamplerSpec(JSONFields(try JSONValue.parse(bad))) }
        }
    }
}

extension Proposal {
    /// What a trial was given.
    fileprivate init(of trial: Trial) {
        self.init(values: trial.values, generation: trial.generation)
    }
}
