/// Leaves out of a transform what does not reach its outputs, so that a row need not have columns that are dropped.
enum UsedColumns {
    static func only(
        inputs: [TransformColumn],
        steps: [FittedStep],
        outputs: [String]
    ) -> (inputs: [TransformColumn], steps: [FittedStep]) {
        var live = Set(outputs)
        var kept: [FittedStep] = []
        for step in steps.reversed() {
            switch step {
            case .keep(let names): kept.append(.keep(names.filter(live.contains)))
            case .rename(let from, let to):
                guard live.remove(to) != nil else { continue }
                live.insert(from)
                kept.append(step)
            case .cast(let column, _), .fill(let column, _), .encode(let column, _, _, _), .scale(let column, _, _):
                if live.contains(column) { kept.append(step) }
            case .oneHot(let column, let categories, _):
                let made = categories.map { FittedStep.name(column, $0) }
                guard made.contains(where: live.contains) else { continue }
                live.subtract(made)
                live.insert(column)
                kept.append(step)
            case .derive(let name, let expression):
                guard live.remove(name) != nil else { continue }
                live.formUnion(expression.columns)
                kept.append(step)
            }
        }
        return (inputs.filter { live.contains($0.name) }, kept.reversed())
    }
}
