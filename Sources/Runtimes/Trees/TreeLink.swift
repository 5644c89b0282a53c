#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What turns the sums of a row into its prediction, each as the model's own library computes it.
enum TreeLink: Sendable, Equatable {
    /// The sums themselves.
    case identity
    /// XGBoost's `binary:logistic` and `reg:logistic`, for each sum, in 32 bits.
    case logistic
    /// `exp`, for each sum, in the precision of the sums.
    case exponential
    /// `binary:hinge`: 1 above zero, else 0.
    case hinge
    /// The softmax of the sums.
    case softmax
    /// The position of the largest sum, the first of equals.
    case largest
    /// LightGBM's logistic function with its steepness, for each sum, in 64 bits.
    case sigmoid(Double)
    /// LightGBM's `cross_entropy_lambda`: log(1 + exp(sum)).
    case softplus
    /// LightGBM's regression on square roots: the signed square.
    case signedSquare
    /// ONNX Runtime's LOGISTIC, for each sum, in 32 bits.
    case onnxLogistic
    /// ONNX Runtime's SOFTMAX in 32 bits.
    case onnxSoftmax
    /// ONNX Runtime's SOFTMAX_ZERO: zeros stay zeros.
    case onnxSoftmaxZero

    /// How many numbers come out of `width` sums.
    func outputWidth(_ width: Int) -> Int {
        self == .largest ? 1 : width
    }

    /// Turns one row's sums into its outputs.
    @inline(__always)
    func apply(_ sums: UnsafeMutablePointer<Float>, _ width: Int, _ output: UnsafeMutablePointer<Float>) {
        switch self {
        case .identity: output.update(from: sums, count: width)
        case .logistic: for place in 0..<width { output[place] = Self.logistic(sums[place]) }
        case .exponential: for place in 0..<width { output[place] = expf(sums[place]) }
        case .hinge: for place in 0..<width { output[place] = sums[place] > 0 ? 1 : 0 }
        case .softmax: Self.softmax(sums, width, output)
        case .largest: output[0] = Self.largest(sums, width)
        case .onnxLogistic: for place in 0..<width { output[place] = Self.onnxLogistic(sums[place]) }
        case .onnxSoftmax: Self.onnxSoftmax(sums, width, output, keepsZeros: false)
        case .onnxSoftmaxZero: Self.onnxSoftmax(sums, width, output, keepsZeros: true)
        case .sigmoid, .softplus, .signedSquare:
            for place in 0..<width { output[place] = Float(wide(Double(sums[place]))) }
        }
    }

    /// Turns one row's sums into its outputs.
    @inline(__always)
    func apply(_ sums: UnsafeMutablePointer<Double>, _ width: Int, _ output: UnsafeMutablePointer<Float>) {
        switch self {
        case .softmax: Self.softmax(sums, width, output)
        case .largest: output[0] = Self.largest(sums, width)
        default: for place in 0..<width { output[place] = Float(wide(sums[place])) }
        }
    }

    /// The links of LightGBM, in 64 bits.
    private func wide(_ sum: Double) -> Double {
        switch self {
        case .sigmoid(let steepness): 1 / (1 + exp(-steepness * sum))
        case .exponential: exp(sum)
        case .softplus: log1p(exp(sum))
        case .signedSquare: sum < 0 ? -sum * sum : sum * sum
        case .identity, .logistic, .hinge, .softmax, .largest, .onnxLogistic, .onnxSoftmax, .onnxSoftmaxZero: sum
        }
    }

    /// The logistic function as XGBoost computes it, with the exponent bounded against overflow.
    @inline(__always)
    static func logistic(_ margin: Float) -> Float {
        1 / (expf(min(-margin, 88.7)) + 1 + 1e-16)
    }

    /// The logistic function as ONNX Runtime computes it.
    @inline(__always)
    static func onnxLogistic(_ value: Float) -> Float {
        let upper = 1 / (1 + expf(-abs(value)))
        return value < 0 ? 1 - upper : upper
    }

    private static func largest<Value: BinaryFloatingPoint>(
        _ sums: UnsafeMutablePointer<Value>,
        _ width: Int
    ) -> Float {
        var best = 0
        for place in 1..<max(1, width) where sums[place] > sums[best] { best = place }
        return Float(best)
    }

    private static func softmax(
        _ sums: UnsafeMutablePointer<Float>,
        _ width: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var largest = sums[0]
        for place in 1..<max(1, width) { largest = max(largest, sums[place]) }
        var total = 0.0
        for place in 0..<width {
            output[place] = expf(sums[place] - largest)
            total += Double(output[place])
        }
        for place in 0..<width { output[place] /= Float(total) }
    }

    private static func softmax(
        _ sums: UnsafeMutablePointer<Double>,
        _ width: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var largest = sums[0]
        for place in 1..<max(1, width) { largest = max(largest, sums[place]) }
        var total = 0.0
        for place in 0..<width {
            sums[place] = exp(sums[place] - largest)
            total += sums[place]
        }
        for place in 0..<width { output[place] = Float(sums[place] / total) }
    }

    private static func onnxSoftmax(
        _ sums: UnsafeMutablePointer<Float>,
        _ width: Int,
        _ output: UnsafeMutablePointer<Float>,
        keepsZeros: Bool
    ) {
        var largest = sums[0]
        for place in 1..<max(1, width) { largest = max(largest, sums[place]) }
        var total: Float = 0
        for place in 0..<width {
            let isZero = keepsZeros && abs(sums[place]) <= 0.000_000_1
            output[place] = isZero ? sums[place] * expf(-largest) : expf(sums[place] - largest)
            total += output[place]
        }
        for place in 0..<width { output[place] /= total }
    }
}
