import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Boosted trees walked by Martlet itself, without the C library: a row of 100 trees takes a few microseconds.
///
/// It takes XGBoost models (`gbtree`, numeric splits; `binary:logistic`, `reg:squarederror`, `multi:softprob`). Every
/// index is checked when the model is loaded, so that walking needs no check and cannot leave the arrays.
package final class TreeEnsemble: RowRuntime {
    package let name = "trees"
    package let placement = RuntimePlacement.own
    package let featureCount: Int
    package let outputWidth: Int
    /// The objective that the model was trained for, as XGBoost names it.
    package let objective: String
    /// The names of the features when the model carries them, else empty.
    package let featureNames: [String]

    private let nodes: [TreeNode]
    private let roots: [TreeRoot]
    private let baseMargins: [Float]
    private let link: TreeLink

    /// Reads a model in XGBoost's JSON or UBJSON form.
    ///
    /// - Parameters:
    ///   - bytes: the file's contents.
    ///   - stopsAtBestIteration: whether an early-stopped model uses only the trees up to its best iteration, as
    ///     XGBoost's scikit-learn classes do.
    /// - Throws: `dataLoss` for a damaged model; `unimplemented` for one that only the C library can run.
    package convenience init(_ bytes: [UInt8], stopsAtBestIteration: Bool = false) throws {
        var loader = TreeEnsembleLoader(try ModelDocument(bytes), stopsAtBestIteration: stopsAtBestIteration)
        self.init(try loader.load())
    }

    package var memoryBytes: Int {
        nodes.count * MemoryLayout<TreeNode>.stride + roots.count * MemoryLayout<TreeRoot>.stride
    }

    init(_ loaded: LoadedTrees) {
        featureCount = loaded.featureCount
        outputWidth = loaded.baseMargins.count
        objective = loaded.objective
        featureNames = loaded.featureNames
        nodes = loaded.nodes
        roots = loaded.roots
        baseMargins = loaded.baseMargins
        link = loaded.link
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard let input = rows.baseAddress ?? emptyRow, let result = output.baseAddress else { return }
        let (features, width) = (featureCount, outputWidth)
        nodes.withUnsafeBufferPointer { nodes in
            guard let nodes = nodes.baseAddress else { return }
            for row in 0..<count {
                walk(nodes, input + row &* features, result + row &* width)
            }
        }
        if nodes.isEmpty { fillWithBase(output, count: count) }
        for row in 0..<count { apply(result + row &* width) }
    }

    /// A model without features reads nothing, so any address serves as its row.
    private var emptyRow: UnsafePointer<Float>? {
        featureCount == 0 ? UnsafePointer(bitPattern: MemoryLayout<Float>.alignment) : nil
    }

    /// Adds up the leaves in tree order in 32-bit floats, as XGBoost does, so that the results are the same.
    @inline(__always)
    private func walk(
        _ nodes: UnsafePointer<TreeNode>,
        _ row: UnsafePointer<Float>,
        _ result: UnsafeMutablePointer<Float>
    ) {
        for (position, margin) in baseMargins.enumerated() { result[position] = margin }
        roots.withUnsafeBufferPointer { roots in
            for root in roots {
                var index = Int(root.node)
                var node = nodes[index]
                while node.left >= 0 {
                    let value = row[Int(node.feature & TreeNode.featureMask)]
                    let missingLeft = value != value && node.feature >= TreeNode.missingGoesLeft
                    index = Int(node.left) &+ (value < node.value || missingLeft ? 0 : 1)
                    node = nodes[index]
                }
                result[Int(root.output)] += node.value
            }
        }
    }

    private func fillWithBase(_ output: UnsafeMutableBufferPointer<Float>, count: Int) {
        for row in 0..<count {
            for (position, margin) in baseMargins.enumerated() { output[row &* outputWidth &+ position] = margin }
        }
    }

    @inline(__always)
    private func apply(_ result: UnsafeMutablePointer<Float>) {
        switch link {
        case .identity: break
        case .logistic: result[0] = Self.logistic(result[0])
        case .softmax: softmax(result)
        }
    }

    /// The logistic function as XGBoost computes it, with the exponent bounded against overflow.
    @inline(__always)
    static func logistic(_ margin: Float) -> Float {
        1 / (expf(min(-margin, 88.7)) + 1 + 1e-16)
    }

    private func softmax(_ result: UnsafeMutablePointer<Float>) {
        var largest = result[0]
        for position in 1..<max(1, outputWidth) { largest = max(largest, result[position]) }
        var sum = 0.0
        for position in 0..<outputWidth {
            result[position] = expf(result[position] - largest)
            sum += Double(result[position])
        }
        for position in 0..<outputWidth { result[position] /= Float(sum) }
    }
}
