import Core
import Foundation
import Runtimes

/// SHAP values of a model file as the own walker computes them: `explain MODEL ROWS WIDTH [OUT]`.
///
/// `MODEL` is XGBoost JSON or a LightGBM text; `ROWS` holds 32-bit floats, row-major; `OUT` gets the values for comparison.
enum ExplainBench {
    static func run(_ arguments: [String]) throws {
        guard arguments.count >= 3, let width = Int(arguments[2]), width > 0 else {
            throw MartletError(.invalidArgument, "explain MODEL ROWS WIDTH [OUT]")
        }
        let bytes = Array(try Data(contentsOf: URL(filePath: arguments[0])))
        let model = arguments[0].hasSuffix(".txt") ? try TreeEnsemble(lightGBM: bytes) : try TreeEnsemble(bytes)
        let rows = try Data(contentsOf: URL(filePath: arguments[1])).withUnsafeBytes {
            Array($0.bindMemory(to: Float.self))
        }
        let count = rows.count / width
        let one = Array(rows.prefix(width))
        let values = try time(5) { try model.contributions(rows, count: count) }
        let single = try time(200) { try model.contributions(one, count: 1) }
        let some = min(100, count)
        let pairs = try time(3) { try model.interactions(Array(rows.prefix(some * width)), count: some) }
        if arguments.count > 3 {
            try values.result.withUnsafeBytes { try Data($0).write(to: URL(filePath: arguments[3])) }
        }
        let figures: JSONValue = [
            "rows": .int(count), "values_ms": .number(values.best), "one_row_ms": .number(single.best),
            "interaction_rows": .int(some), "interactions_ms": .number(pairs.best),
        ]
        print(figures.description)
    }

    /// The shortest of some tries in milliseconds, and what came of the last.
    private static func time(_ tries: Int, _ body: () throws -> [Float]) throws -> (best: Double, result: [Float]) {
        let clock = ContinuousClock()
        var (best, result) = (Double.infinity, [Float]())
        for _ in 0..<tries {
            let start = clock.now
            result = try body()
            best = min(best, (clock.now - start) / .milliseconds(1))
        }
        return (best, result)
    }
}
