import Core

extension TrainingTable {
    /// Throws what makes these rows unfit to learn from.
    func check() throws(MartletError) {
        let (size, overflow) = labels.count.multipliedReportingOverflow(by: featureNames.count)
        guard !labels.isEmpty, !featureNames.isEmpty else {
            throw MartletError(.invalidArgument, "There are no rows to learn from, or no features.")
        }
        guard !overflow, values.count == size else {
            throw MartletError(
                .invalidArgument,
                "\(values.count) numbers are no \(labels.count) rows of \(featureNames.count) features."
            )
        }
        guard featureNames.count <= LearningLimits.features else {
            throw MartletError(
                .invalidArgument,
                "There are \(featureNames.count) features; learning takes at most \(LearningLimits.features)."
            )
        }
        try checkValues()
        try checkLabels()
        try checkWeights()
        try checkGroups()
    }

    private func checkValues() throws(MartletError) {
        var isEmpty = true
        for (position, value) in values.enumerated() where !value.isFinite {
            guard value.isNaN else {
                let (row, column) = position.quotientAndRemainder(dividingBy: featureNames.count)
                throw MartletError(
                    .invalidArgument,
                    "Row \(row + 1): '\(featureNames[column])' is infinite or too large for 32 bits; clip it or leave it empty."
                )
            }
        }
        for value in values where !value.isNaN {
            isEmpty = false
            break
        }
        guard !isEmpty else {
            throw MartletError(
                .invalidArgument,
                "Every value of every feature is missing; there is nothing to learn from."
            )
        }
    }

    private func checkLabels() throws(MartletError) {
        if let row = labels.firstIndex(where: { !$0.isFinite }) {
            let what = labels[row].isNaN ? "missing" : "infinite or too large for 32 bits"
            throw MartletError(.invalidArgument, "Row \(row + 1): the target is \(what); leave the row out.")
        }
        guard !classes.isEmpty else { return }
        guard (2...LearningLimits.classes).contains(classes.count) else {
            throw MartletError(
                .invalidArgument,
                "The target has \(classes.count) classes; learning takes 2 to \(LearningLimits.classes)."
            )
        }
        let range = 0..<classes.count
        if let row = labels.firstIndex(where: { Int(exactly: $0).map { !range.contains($0) } ?? true }) {
            throw MartletError(
                .invalidArgument,
                "Row \(row + 1): the target is none of \(classes.joined(separator: ", "))."
            )
        }
    }

    private func checkWeights() throws(MartletError) {
        guard let weights else { return }
        guard weights.count == count else {
            throw MartletError(.invalidArgument, "There are \(weights.count) weights for \(count) rows.")
        }
        if let row = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw MartletError(.invalidArgument, "Row \(row + 1): the weight must be a number of 0 or more.")
        }
        guard weights.contains(where: { $0 > 0 }) else {
            throw MartletError(.invalidArgument, "Every row's weight is 0; there is nothing to learn from.")
        }
    }

    private func checkGroups() throws(MartletError) {
        guard !groups.isEmpty else { return }
        var total = 0
        for size in groups {
            guard size > 0, size <= count - total else {
                throw MartletError(.invalidArgument, "The groups do not add up to the \(count) rows.")
            }
            total += size
        }
        guard total == count else {
            throw MartletError(.invalidArgument, "The groups have \(total) rows, but there are \(count).")
        }
        let highest = LearningLimits.relevance
        if let row = labels.firstIndex(where: { Int(exactly: $0).map { !(0...highest).contains($0) } ?? true }) {
            throw MartletError(
                .invalidArgument,
                "Row \(row + 1): how relevant a row is must be a whole number of 0 to \(highest), but is \(labels[row])."
            )
        }
    }

    /// Throws unless the rows can teach this task; what only training rows need is asked of them alone.
    func require(_ task: LearningTask, isTraining: Bool) throws(MartletError) {
        let part = isTraining ? "training" : "validation"
        switch task {
        case .binary, .multiclass:
            guard task == .binary ? classes.count == 2 : classes.count >= 2 else {
                throw MartletError(
                    .invalidArgument,
                    "The task '\(task.rawValue)' does not fit the \(classes.count) classes of the \(part) rows."
                )
            }
            guard isTraining else { return }
            let first = labels[0]
            guard labels.contains(where: { $0 != first }) else {
                let name = Int(exactly: first).map { classes[$0] } ?? "\(first)"
                throw MartletError(
                    .invalidArgument,
                    "Every training row is of the class '\(name)'; a classifier needs rows of at least two classes."
                )
            }
        case .regression:
            guard classes.isEmpty, groups.isEmpty else {
                throw MartletError(
                    .invalidArgument,
                    "A regression learns numbers, but the \(part) rows have classes or groups."
                )
            }
        case .ranking:
            guard !groups.isEmpty else {
                throw MartletError(.invalidArgument, "Ranking needs the group of each row; name the column in 'group'.")
            }
            guard !isTraining || groups.contains(where: { $0 > 1 }) else {
                throw MartletError(.invalidArgument, "Every group has one row; there is no order to learn.")
            }
        }
    }
}
