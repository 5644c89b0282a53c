/// Which parameters are modelled together.
enum ParameterGroups {
    /// The sets of parameters to draw together; those with one value are in none.
    ///
    /// Without groups that is one set: what existed in every finished trial. With groups, parameters are together that
    /// existed in the same finished trials.
    static func joint(_ history: TrialHistory, isGrouped: Bool) -> [[Int]] {
        let space = history.space
        let several = space.parameters.indices.filter { !space.parameters[$0].distribution.isSingle }
        guard space.isConditional else { return several.isEmpty ? [] : [Array(several)] }
        let finished = history.trials.filter { $0.state == .complete || $0.state == .pruned }
        if !isGrouped {
            let common = several.filter { column in finished.allSatisfy { !$0.values[column].isNaN } }
            return common.isEmpty ? [] : [common]
        }
        var groups: [[Bool]: [Int]] = [:]
        for column in several {
            let presence = finished.map { !$0.values[column].isNaN }
            if presence.contains(true) { groups[presence, default: []].append(column) }
        }
        return groups.values.sorted { ($0.first ?? 0) < ($1.first ?? 0) }
    }
}
