import Core
import Testing

import Statistics

/// Samples that several suites draw.
enum TestSamples {
    /// Standard normal features, each moved by `shift` and stretched by `scale`.
    static func normal(
        _ rows: Int,
        _ features: Int,
        shift: Double = 0,
        scale: Double = 1,
        _ generator: inout SeededGenerator
    ) throws -> SampleMatrix {
        let elements = (0..<(rows * features)).map { _ in Float(generator.normal() * scale + shift) }
        return try SampleMatrix(names: (0..<features).map { "f\($0)" }, elements: elements)
    }

    /// Two features, each standard normal, whose correlation is `correlation`.
    static func correlated(_ rows: Int, _ correlation: Double, _ generator: inout SeededGenerator) throws
        -> SampleMatrix
    {
        var elements: [Float] = []
        for _ in 0..<rows {
            let (x, noise) = (generator.normal(), generator.normal())
            elements.append(Float(x))
            elements.append(Float(correlation * x + (1 - correlation * correlation).squareRoot() * noise))
        }
        return try SampleMatrix(names: ["x", "y"], elements: elements)
    }

    /// The code of the error that `body` throws.
    static func code(_ body: () throws -> Void) -> MartletError.Code? {
        #expect(throws: MartletError.self) { try body() }?.code
    }
}
