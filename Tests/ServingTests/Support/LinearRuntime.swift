import Core
import Foundation
import Runtimes

/// A logistic model over the first feature, simple enough to know every answer.
///
/// The probability of class 1 is `1 / (1 + exp(-(slope * x + offset)))`; a missing feature answers NaN.
struct LinearRuntime: RowRuntime {
    let placement = RuntimePlacement.own
    let memoryBytes = 64
    let name = "linear"
    let featureCount: Int
    let outputWidth = 1
    var slope: Float = 1
    var offset: Float = 0

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        for row in 0..<count {
            output[row] = 1 / (1 + exp(-(slope * rows[row * featureCount] + offset)))
        }
    }
}

/// Fails on every row.
struct FailingRuntime: RowRuntime {
    let placement = RuntimePlacement.own
    let memoryBytes = 64
    let name = "failing"
    let featureCount = 2
    let outputWidth = 1

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        throw MartletError(.internal, "The library failed.")
    }
}

/// Three classes: the largest of the three features wins.
struct ThreeClassRuntime: RowRuntime {
    let placement = RuntimePlacement.own
    let memoryBytes = 64
    let name = "three"
    let featureCount = 3
    let outputWidth = 3

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        for index in 0..<count * 3 { output[index] = rows[index] }
    }
}
