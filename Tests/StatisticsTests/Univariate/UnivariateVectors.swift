import Core
import Testing

import Statistics

extension VectorFile {
    /// One side of a data set as a univariate sample, without what is missing or infinite.
    func sample(_ dataset: String, _ side: String) throws -> UnivariateSample {
        let data = try #require(root["datasets"]?[dataset])
        let values = try #require(data[side]?.arrayValue)
        let type = data["dtype"]?.stringValue ?? "float64"
        guard type != "str" else { return .categories(values.compactMap(\.stringValue)) }
        return .numbers(values.compactMap(\.doubleValue).filter(\.isFinite), areIntegers: type.hasPrefix("int"))
    }

    /// One side of a numeric data set in ascending order.
    func sorted(_ dataset: String, _ side: String) throws -> SortedSample {
        try SortedSample(sample(dataset, side), for: .kolmogorovSmirnov, side: side)
    }

    /// The columns of one side of a multivariate data set.
    func columns(_ dataset: String, _ side: String) throws -> [[Double]] {
        let rows = try #require(root["datasets"]?[dataset]?[side]?.arrayValue).map { try $0.numbers() }
        return try #require(rows.first).indices.map { column in rows.map { $0[column] } }
    }
}

extension UnivariateMethod {
    /// One comparison from beginning to end.
    func score(_ reference: UnivariateSample, _ current: UnivariateSample) throws -> UnivariateResult {
        try prepare(reference: reference).compare(current)
    }
}

/// Numbers without whole-number type.
func floats(_ values: [Double]) -> UnivariateSample { .numbers(values, areIntegers: false) }
