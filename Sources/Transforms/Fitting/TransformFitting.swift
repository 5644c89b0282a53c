import Core

/// Goes through a specification step by step: learns from the training rows as they are at that step, then changes them.
struct TransformFitting {
    /// The training rows as the steps so far have made them.
    private(set) var table: Table
    /// What was learned so far.
    private(set) var steps: [FittedStep] = []
    private let target: Column?
    private let excluded: Set<String>

    init(table: Table, target: Column?, excluded: Set<String>) {
        self.table = table
        self.target = target
        self.excluded = excluded
    }

    mutating func add(_ step: TransformStep) throws(MartletError) {
        switch step {
        case .select(let names):
            var kept: [String] = []
            for name in names where !excluded.contains(name) { kept.append(try column(name).name) }
            try apply(.keep(kept))
        case .drop(let names):
            for name in names where !excluded.contains(name) { _ = try column(name) }
            try apply(.keep(table.columns.map(\.name).filter { !names.contains($0) }))
        case .rename(let renamings):
            for renaming in renamings {
                try apply(.rename(from: try column(renaming.from).name, to: try free(renaming.to)))
            }
        case .cast(let casts):
            for cast in casts { try apply(.cast(column: try column(cast.column).name, kind: cast.kind)) }
        case .impute(let choice, let imputation):
            for column in try chosen(choice) {
                try apply(.fill(column: column.name, value: try TrainingColumn(column).filling(imputation)))
            }
        case .encode(let choice, let encoding, let unseen):
            for column in try chosen(choice) { try encode(column, encoding, unseen) }
        case .scale(let choice, let scaling):
            for column in try chosen(choice) {
                let (centre, divisor) = try TrainingColumn(column).scale(scaling)
                try apply(.scale(column: column.name, centre: centre, divisor: divisor))
            }
        case .derive(let name, let expression):
            try apply(.derive(name: try free(name), expression: expression))
        }
    }

    private mutating func encode(
        _ column: Column,
        _ encoding: TransformStep.Encoding,
        _ unseen: TransformStep.Unseen
    ) throws(MartletError) {
        let values = TrainingColumn(column)
        switch encoding {
        case .oneHot(let limit):
            let categories = try values.categories(limit: limit)
            try apply(.oneHot(column: column.name, categories: categories, unseen: unseen))
        case .ordinal(let order):
            let categories = order.isEmpty ? try values.categories(limit: nil) : order
            let coded = categories.enumerated().map { FittedStep.Category(value: $1, code: Double($0)) }
            try apply(.encode(column: column.name, categories: coded, other: nil, unseen: unseen))
        case .target(let smoothing):
            let means = try TargetMeans(column: column, target: target, smoothing: smoothing)
            let own = try means.trainingColumn()
            let step = try means.step(unseen)
            try apply(step)
            table = try Table(columns: table.columns.map { $0.name == column.name ? own : $0 })
        }
    }

    private mutating func apply(_ step: FittedStep) throws(MartletError) {
        let inputs = table.columns.map { TransformColumn($0.name, $0.transformKind) }
        if case .keep(let names) = step {
            var kept: [Column] = []
            for name in names { kept.append(try table.column(name)) }
            guard !kept.isEmpty else {
                throw MartletError(.invalidArgument, "The transform leaves no column.")
            }
            table = try Table(columns: kept)
        } else if case .rename(let from, let to) = step {
            table = try Table(
                columns: table.columns.map { $0.name == from ? Column(name: to, values: $0.values) : $0 }
            )
        } else {
            table = try FittedTransform(inputs: inputs, steps: [step]).apply(table)
        }
        steps.append(step)
    }

    private func column(_ name: String) throws(MartletError) -> Column {
        guard !excluded.contains(name) else {
            throw MartletError(
                .invalidArgument,
                "The column '\(name.prefix(80))' is the target or a label of the rows, which a transform does not change."
            )
        }
        if let column = table[name] { return column }
        let names = table.columns.map(\.name)
        let hint = NearestName.of(name, among: names).map { "did you mean '\($0)'?" }
        let known = "at that step there are \(names.prefix(20).joined(separator: ", "))."
        throw MartletError(
            .invalidArgument,
            "The transform names the column '\(name.prefix(80))', which is not there; \(hint ?? known)"
        )
    }

    /// A name that does not hide the target.
    private func free(_ name: String) throws(MartletError) -> String {
        guard !excluded.contains(name) else {
            throw MartletError(
                .invalidArgument,
                "The transform cannot make a column '\(name)': that is the target's name."
            )
        }
        return name
    }

    private func chosen(_ choice: TransformStep.Choice) throws(MartletError) -> [Column] {
        switch choice {
        case .names(let names):
            var columns: [Column] = []
            for name in names { columns.append(try column(name)) }
            return columns
        case .numbers: return table.columns.filter { $0.transformKind != .string }
        case .texts: return table.columns.filter { $0.transformKind == .string }
        }
    }
}
