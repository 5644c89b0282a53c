package import Core

/// What is asked about a model.
package struct ExplanationQuery: Sendable, Equatable {
    /// The kinds of answers.
    package enum Kind: String, Sendable, CaseIterable {
        /// How much each feature moved each row's margin, exactly, from the trees.
        case shap
        /// How pairs of features moved it together.
        case interactions
        /// The same as `shap` for any model, by sampling over a background, in the unit of the output.
        case kernel
        /// How much worse the model gets when a feature's values are shuffled.
        case permutation
        /// What the model says on average when a feature, or two, are set to each of their values.
        case pdp
    }

    /// The pictures.
    package enum Plot: String, Sendable, CaseIterable {
        case beeswarm
        case bar
        case waterfall
        case force
        case decision
        case dependence
        case heat
        case pdp
    }

    /// What kind of answer.
    package let kind: Kind
    /// For `pdp` one or two features; for a dependence plot one.
    package let features: [String]
    /// Which output: a class name or its number; nil for the last.
    package let output: String?
    /// The picture; nil for none.
    package let plot: Plot?
    /// Which of the rows a waterfall or a force plot shows, from 0.
    package let row: Int
    /// How often each feature is permuted.
    package let repeats: Int
    /// What random choices come from.
    package let seed: UInt64
    /// Sets of features that Kernel SHAP tries; nil for as many as suit the model.
    package let samples: Int?
    /// What permutations are judged by; nil for the usual one.
    package let score: String?
    /// Values of a feature at which partial dependence is asked.
    package let points: Int

    /// Asks with the defaults.
    package init(_ kind: Kind, features: [String] = [], output: String? = nil, plot: Plot? = nil, seed: UInt64 = 0) {
        self.kind = kind
        self.features = features
        self.output = output
        self.plot = plot
        self.seed = seed
        (row, repeats, samples, score, points) = (0, 10, nil, nil, 20)
    }

    /// The keys that `init(_:)` reads.
    package static let keys = [
        "kind", "features", "output", "plot", "row", "repeats", "seed", "samples", "score", "points",
    ]

    /// Reads a question.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields) throws(MartletError) {
        let name = try fields.optionalString("kind") ?? Kind.shap.rawValue
        guard let kind = Kind(rawValue: name) else {
            throw fields.invalid("kind", "must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.kind = kind
        features = try fields.optionalArray("features") == nil ? [] : try fields.strings("features")
        let plotName = try fields.optionalString("plot")
        plot = plotName.flatMap(Plot.init(rawValue:))
        guard plotName == nil || plot != nil else {
            throw fields.invalid("plot", "must be one of \(Plot.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        output = try fields.optionalString("output")
        row = Int(try fields.optionalInt("row", in: 0...Int64(ExplanationLimits.rows - 1)) ?? 0)
        repeats = Int(try fields.optionalInt("repeats", in: 1...Int64(ExplanationLimits.repeats)) ?? 10)
        seed = UInt64(try fields.optionalInt("seed", in: 0...Int64.max) ?? 0)
        samples = try fields.optionalInt("samples", in: 1...1_000_000).map { Int($0) }
        score = try fields.optionalString("score")
        points = Int(try fields.optionalInt("points", in: 2...Int64(ExplanationLimits.gridPoints)) ?? 20)
        try check(fields)
    }

    private func check(_ fields: JSONFields) throws(MartletError) {
        if kind == .pdp, !(1...2).contains(features.count) {
            throw fields.invalid("features", "must name one or two features for partial dependence")
        }
        if kind != .pdp, features.count > 1 { throw fields.invalid("features", "must name at most one feature") }
        let fitting: [Plot]
        switch kind {
        case .shap, .kernel: fitting = [.beeswarm, .bar, .waterfall, .force, .decision, .dependence]
        case .interactions: fitting = [.heat]
        case .permutation: fitting = [.bar]
        case .pdp: fitting = [.pdp]
        }
        if let plot, !fitting.contains(plot) {
            throw fields.invalid(
                "plot",
                "must be one of \(fitting.map(\.rawValue).joined(separator: ", ")) for '\(kind.rawValue)'"
            )
        }
        if plot == .dependence, features.count != 1 {
            throw fields.invalid("features", "must name the feature of a dependence plot")
        }
    }
}
