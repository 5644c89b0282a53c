import Core

/// Boosted trees walked by Martlet itself, without the C library: a row of 100 trees takes about a microsecond.
///
/// It takes XGBoost models (JSON and UBJSON), LightGBM models (text) and ONNX graphs that are a tree ensemble. Every
/// index is checked when the model is loaded, so that walking needs no check and cannot leave the arrays.
package final class TreeEnsemble: RowRuntime {
    package let name = "trees"
    package let placement = RuntimePlacement.own
    package let featureCount: Int
    package let outputWidth: Int
    /// The objective that the model was trained for, as its library names it; empty when the file does not say.
    package let objective: String
    /// The names of the features when the model carries them, else empty.
    package let featureNames: [String]

    let forest: TreeForest
    let link: TreeLink
    /// The sums before the first tree.
    let start: [Double]
    /// What the sums are divided by: the number of rounds of a forest, else 1.
    let divisor: Double
    private let startFloats: TreeMemory<Float>
    private let startDoubles: TreeMemory<Double>
    /// What is added after the last tree; empty for nothing.
    let offsets: [Float]

    /// Reads a model in XGBoost's JSON or UBJSON form.
    ///
    /// - Parameters:
    ///   - bytes: the file's contents.
    ///   - stopsAtBestIteration: whether an early-stopped model uses only the trees up to its best iteration, as
    ///     XGBoost's scikit-learn classes do.
    /// - Throws: `dataLoss` for a damaged model; `unimplemented` for one that only the C library can run.
    package convenience init(_ bytes: [UInt8], stopsAtBestIteration: Bool = false) throws {
        var reader = XGBoostModelReader(try ModelDocument(bytes), stopsAtBestIteration: stopsAtBestIteration)
        self.init(try reader.load())
    }

    /// Reads a model in LightGBM's text form.
    ///
    /// - Throws: `dataLoss` for a damaged model; `unimplemented` for one that only the C library can run, such as one
    ///   of linear trees.
    package convenience init(lightGBM bytes: [UInt8]) throws {
        self.init(try LightGBMModelReader.load(bytes))
    }

    /// Reads an ONNX model that is a tree ensemble, with at most scaling before it and renaming after it.
    ///
    /// The outputs are what ONNX Runtime gives as probabilities or values; of two classes that of the second.
    ///
    /// - Returns: nil when the graph is more than that, so that ONNX Runtime has to run it.
    /// - Throws: `dataLoss` for a damaged model.
    package convenience init?(onnx bytes: [UInt8]) throws {
        guard let loaded = try ONNXEnsembleReader.load(bytes) else { return nil }
        self.init(loaded)
    }

    package var memoryBytes: Int { forest.memoryBytes }

    init(_ loaded: LoadedTrees) {
        featureCount = loaded.featureCount
        objective = loaded.objective
        featureNames = loaded.featureNames
        forest = loaded.forest
        link = loaded.link
        start = loaded.start
        divisor = loaded.divisor
        offsets = loaded.offsets
        startFloats = TreeMemory(loaded.start.map { Float($0) })
        startDoubles = TreeMemory(loaded.start)
        outputWidth = loaded.link.outputWidth(loaded.forest.width)
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard let input = rows.baseAddress ?? emptyRow, let output = output.baseAddress else { return }
        if forest.isDouble {
            withSums(of: Double.self, input, count, startDoubles.base) { link.apply($1, forest.width, output + $0) }
        } else {
            withSums(of: Float.self, input, count, startFloats.base) { link.apply($1, forest.width, output + $0) }
        }
    }

    /// The sums before the link function, `count * marginWidth` of them.
    ///
    /// - Throws: `invalidArgument` when `rows` is not `count * featureCount` long.
    package func margins(_ rows: [Float], count: Int) throws -> [Double] {
        try checkSizes(input: rows.count, count: count, output: count * outputWidth)
        var margins: [Double] = []
        margins.reserveCapacity(count * forest.width)
        rows.withUnsafeBufferPointer { rows in
            guard let input = rows.baseAddress ?? emptyRow else { return }
            if forest.isDouble {
                withSums(of: Double.self, input, count, startDoubles.base) { _, sums in
                    for place in 0..<forest.width { margins.append(sums[place]) }
                }
            } else {
                withSums(of: Float.self, input, count, startFloats.base) { _, sums in
                    for place in 0..<forest.width { margins.append(Double(sums[place])) }
                }
            }
        }
        return margins
    }

    /// A model without features reads nothing, so any address serves as its row.
    var emptyRow: UnsafePointer<Float>? {
        featureCount == 0 ? UnsafePointer(bitPattern: MemoryLayout<Float>.alignment) : nil
    }

    /// Rows whose sums are kept at once: fewer the more sums a row has, and whole groups.
    private var chunk: Int { min(512, max(TreeForest.lanes, 65536 / forest.width)) }

    /// Walks the rows and hands each one's finished sums to `body`, with where its outputs belong.
    @inline(__always)
    private func withSums<Value: TreeValue>(
        of _: Value.Type,
        _ rows: UnsafePointer<Float>,
        _ count: Int,
        _ start: UnsafePointer<Value>,
        _ body: (Int, UnsafeMutablePointer<Value>) -> Void
    ) {
        let (width, chunk) = (forest.width, self.chunk)
        let step = min(count, chunk)
        let walker = TreeWalker<Value>(forest, featureCount: featureCount, start: start)
        withUnsafeTemporaryAllocation(of: Value.self, capacity: max(1, step * width)) { sums in
            guard let sums = sums.baseAddress else { return }
            sums.initialize(repeating: 0, count: step * width)
            for first in stride(from: 0, to: count, by: chunk) {
                let taken = min(chunk, count - first)
                walker.walk(rows + first * featureCount, count: taken, into: sums)
                for row in 0..<taken {
                    finish(sums + row * width)
                    body((first + row) * outputWidth, sums + row * width)
                }
            }
        }
    }

    @inline(__always)
    private func finish<Value: TreeValue>(_ sums: UnsafeMutablePointer<Value>) {
        if divisor != 1 { for place in 0..<forest.width { sums[place] /= Value(divisor) } }
        if !offsets.isEmpty { for place in 0..<forest.width { sums[place] += Value(offsets[place]) } }
    }
}
