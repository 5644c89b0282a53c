package import Core

/// What one tuning task is to do.
package struct TuningOptions: Sendable, Equatable {
    /// What the best trial is best at, on the validation rows.
    package enum Objective: String, Sendable, CaseIterable {
        case accuracy
        case auroc
    }

    /// Who proposes parameters.
    package enum SearchMethod: String, Sendable, CaseIterable {
        case tpe
        case random
    }

    /// The dataset's name.
    package var dataset: String
    /// The experiment under which runs are logged; it is created when missing.
    package var experiment: String
    /// What is maximised; equal trials are told apart by log loss.
    package var objective: Objective
    /// How many trials are made.
    package var trials: Int
    /// The seed of search, training and sampling.
    package var seed: UInt64
    /// Who proposes parameters.
    package var method: SearchMethod
    /// The part of the split to train on.
    package var trainPart: String
    /// The part of the split to judge trials on.
    package var validationPart: String
    /// Trains on shuffled labels: makes a model that answers well-formed nonsense, to see a rollout refuse it.
    package var permutesLabels: Bool

    static let parameters = [
        StepParameter("dataset", "The dataset's name under 'data:'; it must be split.", isRequired: true),
        StepParameter("experiment", "The experiment to log runs under; the pipeline's name by default."),
        StepParameter("objective", "What to maximise on the validation rows: accuracy (default) or auroc."),
        StepParameter("trials", "How many trials to make: 1 to \(LearningLimits.trials), 20 by default."),
        StepParameter("seed", "The seed of search and training, 0 by default."),
        StepParameter("method", "Who proposes parameters: tpe (default) or random."),
        StepParameter("train", "The part of the split to train on, 'train' by default."),
        StepParameter("validation", "The part of the split to judge trials on, 'validation' by default."),
        StepParameter("permute_labels", "true trains on shuffled labels, for a model that is wrong on purpose."),
    ]

    /// Reads a step's `with:` values.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields, pipeline: String) throws(MartletError) {
        try fields.rejectUnknown(Self.parameters.map(\.name))
        dataset = try fields.string("dataset")
        experiment = try fields.optionalString("experiment") ?? pipeline
        objective = try fields.word("objective", Objective.self) ?? .accuracy
        trials = Int(try fields.optionalInt("trials", in: 1...Int64(LearningLimits.trials)) ?? 20)
        seed = UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0)
        method = try fields.word("method", SearchMethod.self) ?? .tpe
        trainPart = try fields.optionalString("train") ?? "train"
        validationPart = try fields.optionalString("validation") ?? "validation"
        permutesLabels = try fields.optionalBool("permute_labels") ?? false
    }
}

extension JSONFields {
    /// One of an enumeration's words, or nil when absent.
    fileprivate func word<Word: RawRepresentable & CaseIterable>(
        _ key: String,
        _: Word.Type
    ) throws(MartletError) -> Word? where Word.RawValue == String {
        guard let text = try optionalString(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw invalid(key, "must be \(Word.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        return word
    }
}
