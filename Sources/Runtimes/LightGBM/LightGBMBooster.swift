import CModelLibraries
import Core

/// A model that LightGBM's library trains round by round.
///
/// Not Sendable: make it, use it and drop it on one thread (inside one `BlockingWork.run`).
package final class LightGBMBooster {
    private let handle: UnsafeMutableRawPointer
    private let library: LightGBMLibrary
    /// Kept because the library refers to the rows of a booster for as long as it lives.
    private let rows: [LightGBMDataset]
    /// The names of the metrics that `evaluate` gives, in its order.
    package let metricNames: [String]

    /// Longest name of a metric, in bytes.
    private static let nameBytes = 256

    /// Starts a model.
    ///
    /// - Parameters:
    ///   - parameters: the library's parameters in its own form, `name=value` divided by blanks.
    ///   - training: the rows to learn from.
    ///   - validation: rows to judge rounds on; made with `training` as their reference.
    /// - Throws: `invalidArgument` when the library refuses a parameter.
    package init(parameters: String, training: LightGBMDataset, validation: LightGBMDataset? = nil) throws {
        library = training.library
        rows = [training] + (validation.map { [$0] } ?? [])
        var created: UnsafeMutableRawPointer?
        try library.require(
            library.table.pointee.LGBM_BoosterCreate(training.handle, parameters, &created),
            "start a model"
        )
        guard let created else { throw MartletError(.internal, "LightGBM returned no model.") }
        handle = created
        do {
            if let validation {
                let status = library.table.pointee.LGBM_BoosterAddValidData(created, validation.handle)
                try library.require(status, "take the validation rows")
            }
            metricNames = try Self.metricNames(created, library)
        } catch {
            _ = library.table.pointee.LGBM_BoosterFree(created)
            throw error
        }
    }

    deinit {
        _ = library.table.pointee.LGBM_BoosterFree(handle)
    }

    private static func metricNames(_ booster: UnsafeMutableRawPointer, _ library: LightGBMLibrary) throws -> [String] {
        var count: Int32 = 0
        try library.require(library.table.pointee.LGBM_BoosterGetEvalCounts(booster, &count), "count the metrics")
        guard count > 0 else { return [] }
        var room = [CChar](repeating: 0, count: Int(count) * nameBytes)
        var needed = 0
        var written: Int32 = 0
        let status: Int32 = room.withUnsafeMutableBufferPointer { room in
            var pointers = (0..<Int(count)).map { place in room.baseAddress.map { $0 + place * nameBytes } }
            return pointers.withUnsafeMutableBufferPointer { pointers in
                guard let first = pointers.baseAddress else { return 0 }
                return library.table.pointee.LGBM_BoosterGetEvalNames(
                    booster,
                    count,
                    &written,
                    nameBytes,
                    &needed,
                    first
                )
            }
        }
        try library.require(status, "name the metrics")
        guard needed <= nameBytes, written <= count else {
            throw MartletError(.internal, "LightGBM has a metric with a name of \(needed) bytes.")
        }
        return (0..<Int(written)).map { place in
            let bytes = room[place * nameBytes..<(place + 1) * nameBytes].prefix { $0 != 0 }
            return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Adds one round.
    ///
    /// - Returns: false when no tree could be grown, so that further rounds are of no use.
    /// - Throws: `invalidArgument` for rows that the objective does not take.
    package func update() throws -> Bool {
        var isFinished: Int32 = 0
        try library.require(library.table.pointee.LGBM_BoosterUpdateOneIter(handle, &isFinished), "train")
        return isFinished == 0
    }

    /// How many rounds the model has.
    package func roundCount() throws -> Int {
        var rounds: Int32 = 0
        try library.require(
            library.table.pointee.LGBM_BoosterGetCurrentIteration(handle, &rounds),
            "count the rounds"
        )
        return Int(rounds)
    }

    /// The metrics after the last round, by the order of `metricNames`.
    ///
    /// - Parameter isTraining: of the training rows instead of the validation rows.
    /// - Returns: one number for each name.
    /// - Throws: `invalidArgument` when the library fails.
    package func evaluate(isTraining: Bool) throws -> [Double] {
        guard !metricNames.isEmpty else { return [] }
        var values = [Double](repeating: .nan, count: metricNames.count)
        var count: Int32 = 0
        let status: Int32 = values.withUnsafeMutableBufferPointer { values in
            guard let first = values.baseAddress else { return 0 }
            return library.table.pointee.LGBM_BoosterGetEval(handle, isTraining ? 0 : 1, &count, first)
        }
        try library.require(status, "judge the round")
        return Array(values.prefix(Int(count)))
    }

    /// The model as a file's contents, in LightGBM's text form.
    ///
    /// - Parameter rounds: only the first so many; nil for all.
    /// - Returns: the text.
    /// - Throws: `resourceExhausted` past `RuntimesLimits.modelBytes`.
    package func save(rounds: Int? = nil) throws -> [UInt8] {
        var room = 1 << 20
        while true {
            var needed: Int64 = 0
            let kept = rounds.map { Int32(clamping: $0) } ?? -1
            var status: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
                status = buffer.withMemoryRebound(to: CChar.self) { buffer in
                    guard let first = buffer.baseAddress else { return 0 }
                    return library.table.pointee.LGBM_BoosterSaveModelToString(
                        handle,
                        0,
                        kept,
                        0,
                        Int64(buffer.count),
                        &needed,
                        first
                    )
                }
                // The library counts the zero byte at the end.
                initialized = status == 0 && needed > 0 && needed <= Int64(buffer.count) ? Int(needed) - 1 : 0
            }
            try library.require(status, "save the model")
            guard let size = Int(exactly: needed), size > 0, size <= RuntimesLimits.modelBytes else {
                throw MartletError(.resourceExhausted, "The model has more than \(RuntimesLimits.modelBytes) bytes.")
            }
            if size <= room { return bytes }
            room = size
        }
    }
}
