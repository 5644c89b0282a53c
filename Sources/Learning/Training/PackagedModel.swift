package import Core
package import Transforms

/// What a model's directory is made of: the model file, and all that says how it is to be asked.
package struct PackagedModel: Sendable {
    /// Which library runs it.
    package let trainer: TrainerKind
    /// What it learned.
    package let task: LearningTask
    /// The model file's contents.
    package let bytes: [UInt8]
    /// The raw columns that it takes.
    package let inputs: [TransformColumn]
    /// The class names by index.
    package let classes: [String]
    /// How raw rows become rows of numbers; nil when they are that already.
    package let transform: FittedTransform?
    /// Whether features of the model are codes of categories, which Python must be told.
    package let hasCategories: Bool
    private let sample: Sample

    private enum Sample: Sendable {
        case table(Table)
        case rows(LabelledRows, seed: UInt64)
    }

    /// Takes a trained model and what it was trained on.
    package init(_ model: TrainedModel, _ data: TrainingData, hasCategories: Bool = false) {
        trainer = model.trainer
        task = model.task
        bytes = model.bytes
        inputs = data.inputs
        classes = model.classes
        transform = data.transform
        self.hasCategories = hasCategories
        sample = .table(data.reference)
    }

    /// Takes an XGBoost classifier of rows that are numbers.
    init(_ bytes: [UInt8], _ rows: LabelledRows, seed: UInt64) {
        trainer = .xgboost
        task = rows.classes.count == 2 ? .binary : .multiclass
        self.bytes = bytes
        inputs = rows.featureNames.map { TransformColumn($0, .number) }
        classes = rows.classes
        transform = nil
        hasCategories = false
        sample = .rows(rows, seed: seed)
    }

    /// A sample of raw training rows, the reference for drift detection.
    func reference() throws(MartletError) -> Table {
        switch sample {
        case .table(let table): table
        case .rows(let rows, let seed): try rows.sample(LearningLimits.referenceRows, seed: seed).featureTable()
        }
    }

    /// Two rows that show what a call looks like.
    func example() throws(MartletError) -> Table {
        switch sample {
        case .table(let table): try table.selecting([0, 1])
        case .rows(let rows, let seed): try rows.sample(2, seed: seed).featureTable()
        }
    }

    /// What goes in and out: the raw columns, and the probability of class 1 or of each class, the value or the score.
    package var signature: ModelSignature {
        let outputs =
            switch task {
            case .binary: ["probability"]
            case .multiclass: classes
            case .regression: ["value"]
            case .ranking: ["score"]
            }
        return ModelSignature(
            inputs: inputs.map { ModelSignature.Field(name: $0.name, type: $0.kind == .string ? .string : .double) },
            outputs: outputs.map { ModelSignature.Field(name: $0, type: .double) }
        )
    }

    /// The model file's name.
    var file: String { trainer == .xgboost ? "model.json" : "model.lgb" }

    /// Whether MLflow's own flavor can answer for raw rows.
    var isPlain: Bool { transform == nil && !(hasCategories && trainer == .xgboost) }
}
